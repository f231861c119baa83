/** Small drawn pictures with their blurs. Every run draws the same. */
import { rgbaToThumbHash } from "thumbhash";

import type { FakeImage } from "../web/fake-collection";

const COLOURS = ["#3b6ea5", "#b5563c", "#5d8a4a", "#c69a2d", "#7b5a99", "#3f8f8b"];

export interface Drawing {
  url: string;
  blur: Uint8Array;
}

/** A sky, a sun and two hills. */
export function draw(number: number, width = 320, height = 240): Drawing {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const pen = canvas.getContext("2d")!;
  const colour = COLOURS[number % COLOURS.length]!;
  const circle = (x: number, y: number, radius: number, fill: string): void => {
    pen.fillStyle = fill;
    pen.beginPath();
    pen.arc(x * width, y * height, radius * width, 0, 2 * Math.PI);
    pen.fill();
  };
  pen.fillStyle = "#e4ecf3";
  pen.fillRect(0, 0, width, height);
  circle(0.2 + 0.12 * (number % 5), 0.28, 0.09, "#f4c95d");
  circle(0.25, 1.5, 0.62, colour);
  circle(0.85, 1.6, 0.68, "#28323c");
  const small = document.createElement("canvas");
  [small.width, small.height] = [32, Math.max(1, Math.round((32 * height) / width))];
  const other = small.getContext("2d")!;
  other.drawImage(canvas, 0, 0, small.width, small.height);
  return { url: canvas.toDataURL("image/png"), blur: rgbaToThumbHash(small.width, small.height, other.getImageData(0, 0, small.width, small.height).data) };
}

/** What happens to the file of a picture: it is here, is never answered, or is missing. */
export type Fate = "here" | "waiting" | "failed";

/** An image of a collection; without a drawing if `pictured` is false. */
export function image(number: number, fields: FakeImage["document"]["fields"], { fate = "here", pictured = true, width = 320, height = 240 }: {
  fate?: Fate; pictured?: boolean; width?: number; height?: number;
} = {}): FakeImage {
  const { url, blur } = draw(number, width, height);
  return {
    document: { id: (number + 1).toString(16).padStart(16, "0"), path: `drawing-${String(number)}.png`, width: pictured ? 4 * width : 0, height: pictured ? 4 * height : 0, fields },
    thumbnail: pictured ? { url: fate === "here" ? url : `https://gallery.invalid/${fate}/${String(number)}.webp`, offset: 0, length: 1 } : null,
    placeholder: pictured ? blur : new Uint8Array(),
  };
}

/** Answers for the files that are not here, without a network. */
export const noNetwork = (input: unknown): Promise<Response> => (
  String(input).includes("/waiting/") ? new Promise<Response>(() => undefined) : Promise.resolve(new Response(null, { status: 404 }))
);
