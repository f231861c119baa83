/** Pictures to image-tower input, exactly as docs/FORMAT.md section 3 describes it. */
import type { Preprocessing } from "../format/manifest";
import { resize, type RgbImage } from "./resize";

/** RGBA, 4 bytes per pixel, not premultiplied, rows from the top, oriented as displayed. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8Array | Uint8ClampedArray;
}

/** float32 [3, height, width] of the pack's size. */
export function preprocess(pixels: Pixels, options: Preprocessing): Float32Array {
  const [height, width] = options.size;
  const fitted = fittedSize(pixels.width, pixels.height, options);
  const flat = onWhite(pixels);
  const framed = frame(resize(flat, fitted.width, fitted.height, options.interpolation), width, height, options.fill);
  const plane = width * height;
  const result = new Float32Array(3 * plane);
  for (let channel = 0; channel < 3; channel++) {
    const table = Float32Array.from({ length: 256 }, (_, value) => (value / 255 - options.mean[channel]!) / options.std[channel]!);
    for (let i = 0; i < plane; i++) result[channel * plane + i] = table[framed.data[3 * i + channel]!]!;
  }
  return result;
}

/** The size a picture is resized to, before it is cropped or padded. */
export function fittedSize(width: number, height: number, options: Preprocessing): { width: number; height: number } {
  const [toHeight, toWidth] = options.size;
  if (options.resize === "squash") return { width: toWidth, height: toHeight };
  if (options.resize === "shortest" && toWidth === toHeight) {
    const side = toWidth;
    return width <= height
      ? { width: side, height: Math.max(side, Math.floor((side * height) / width)) }
      : { width: Math.max(side, Math.floor((side * width) / height)), height: side };
  }
  const ratios = [width / toWidth, height / toHeight] as const;
  const ratio = options.resize === "longest" ? Math.max(...ratios) : Math.min(...ratios);
  return { width: Math.max(1, roundHalfEven(width / ratio)), height: Math.max(1, roundHalfEven(height / ratio)) };
}

/** Put transparent pixels on white, with the rounding of Pillow's `alpha_composite`. */
function onWhite({ width, height, data }: Pixels): RgbImage {
  if (data.length !== width * height * 4) throw new RangeError(`${data.length} bytes are not ${width} × ${height} RGBA pixels.`);
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    const alpha = data[from + 3]!;
    for (let channel = 0; channel < 3; channel++) {
      const value = data[from + channel]!;
      if (alpha === 255) {
        rgb[to + channel] = value;
      } else {
        const sum = (value * alpha + 255 * (255 - alpha)) * 128 + (128 << 7);
        rgb[to + channel] = (((sum >> 8) + sum) >> 8) >> 7;
      }
    }
  }
  return { width, height, data: rgb };
}

/** Crop to the middle, or pad the sides that are too short. */
function frame(image: RgbImage, width: number, height: number, fill: readonly number[]): RgbImage {
  if (image.width === width && image.height === height) return image;
  const left = offset(image.width, width);
  const top = offset(image.height, height);
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = fill[i % 3]!;
  const from = Math.max(0, left);
  const count = Math.min(image.width - from, width - Math.max(0, -left));
  for (let y = 0; y < height; y++) {
    const source = y + top;
    if (source < 0 || source >= image.height) continue;
    const start = (source * image.width + from) * 3;
    data.set(image.data.subarray(start, start + count * 3), (y * width + Math.max(0, -left)) * 3);
  }
  return { width, height, data };
}

/** The offset of the crop; negative if the picture is padded, then half of the missing pixels. */
function offset(length: number, size: number): number {
  return length >= size ? roundHalfEven((length - size) / 2) : -Math.floor((size - length) / 2);
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 ? floor + 1 : floor;
}
