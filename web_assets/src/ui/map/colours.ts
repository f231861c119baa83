/** The colours of points: a table of 256 colours in which each point has a place. Pure. */
import type { Classes } from "../../engine/types";

/** Places of the table with a meaning of their own: a value that has no colour, and no value. */
export const [OTHER, NONE] = [254, 255];

export type Colour = readonly [number, number, number];

/** Ten colours that people with any colour vision can tell apart fairly well, for light and for dark pages. */
const LIGHT: readonly Colour[] = [
  [31, 90, 214], [214, 94, 0], [0, 134, 96], [186, 38, 122], [122, 84, 200], [150, 112, 0], [0, 136, 168], [196, 44, 44], [92, 120, 24], [112, 96, 88],
];
const DARK: readonly Colour[] = [
  [122, 170, 255], [255, 160, 88], [72, 206, 164], [255, 130, 198], [190, 164, 255], [232, 200, 84], [92, 214, 240], [255, 132, 124], [180, 212, 96], [204, 184, 172],
];
/** The ends and the middle of a scale of numbers; lightness rises or falls all the way, so it reads without colour, too. */
const SCALE_LIGHT: readonly Colour[] = [[240, 196, 60], [214, 84, 84], [52, 30, 120]];
const SCALE_DARK: readonly Colour[] = [[92, 74, 200], [236, 96, 124], [255, 232, 140]];
const [PLAIN_LIGHT, PLAIN_DARK]: [Colour, Colour] = [[128, 130, 134], [140, 146, 152]];

export const HUES = LIGHT.length;

/** The colour of the topic or value with this number. */
export function hue(place: number, dark: boolean): Colour {
  return (dark ? DARK : LIGHT)[place % HUES]!;
}

/** A colour of a scale, `part` from 0 to 1. */
export function scaled(part: number, dark: boolean): Colour {
  const stops = dark ? SCALE_DARK : SCALE_LIGHT;
  const at = Math.min(1, Math.max(0, part)) * (stops.length - 1);
  const from = Math.min(stops.length - 2, Math.floor(at));
  const mix = (i: 0 | 1 | 2): number => Math.round(stops[from]![i] + (stops[from + 1]![i] - stops[from]![i]) * (at - from));
  return [mix(0), mix(1), mix(2)];
}

/** The table of colours for topics, values or a scale: 256 colours of 4 bytes. */
export function tableOf(kind: Classes["kind"] | "topics", dark: boolean): Uint8Array<ArrayBuffer> {
  const table = new Uint8Array(1024);
  for (let i = 0; i < 256; i++) {
    const colour = i >= OTHER ? (dark ? PLAIN_DARK : PLAIN_LIGHT) : kind === "scale" ? scaled(i / (OTHER - 1), dark) : hue(i, dark);
    table.set([...colour, 255], 4 * i);
  }
  return table;
}

/** The place in the table of a topic; 65,535 stands for none. */
export function placeOf(topic: number): number {
  return topic === 65_535 ? NONE : topic % HUES;
}

export function css([red, green, blue]: Colour): string {
  return `rgb(${String(red)} ${String(green)} ${String(blue)})`;
}
