/**
 * Pillow's antialiased `Image.resize` for 8-bit pictures, bit for bit: a separable convolution with
 * coefficients in fixed point, rounded to 8 bits after each pass. Method: Pillow, src/libImaging/Resample.c.
 */

export type Interpolation = "bilinear" | "bicubic";

/** RGB, 3 bytes per pixel, rows from the top. */
export interface RgbImage {
  width: number;
  height: number;
  data: Uint8Array;
}

const PRECISION_BITS = 32 - 8 - 2;
const HALF = 1 << (PRECISION_BITS - 1);

interface Filter {
  support: number;
  weight: (x: number) => number;
}

const FILTERS: Record<Interpolation, Filter> = {
  bilinear: {
    support: 1,
    weight: (x) => {
      const distance = Math.abs(x);
      return distance < 1 ? 1 - distance : 0;
    },
  },
  bicubic: {
    support: 2,
    weight: (x) => {
      const a = -0.5;
      const distance = Math.abs(x);
      if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
      if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
      return 0;
    },
  },
};

/** For every pixel of a target line: where its source pixels start, how many they are, and their weights. */
interface Coefficients {
  starts: Int32Array;
  counts: Int32Array;
  /** `width` weights per target pixel, in fixed point. */
  weights: Int32Array;
  width: number;
}

/** Resizes a picture. A dimension that keeps its length is not resampled. */
export function resize(image: RgbImage, width: number, height: number, interpolation: Interpolation): RgbImage {
  let result = image;
  if (width !== image.width) result = horizontal(result, coefficients(image.width, width, FILTERS[interpolation]));
  if (height !== image.height) result = vertical(result, coefficients(image.height, height, FILTERS[interpolation]));
  return result;
}

function coefficients(from: number, to: number, filter: Filter): Coefficients {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = filter.support * stretch;
  const width = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(to);
  const counts = new Int32Array(to);
  const weights = new Int32Array(to * width);
  const line = new Float64Array(width);
  for (let target = 0; target < to; target++) {
    const center = (target + 0.5) * scale;
    const inverse = 1 / stretch;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(from, Math.trunc(center + support + 0.5)) - start;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      line[i] = filter.weight((i + start - center + 0.5) * inverse);
      sum += line[i]!;
    }
    for (let i = 0; i < count; i++) {
      const weight = (sum === 0 ? line[i]! : line[i]! / sum) * (1 << PRECISION_BITS);
      weights[target * width + i] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    starts[target] = start;
    counts[target] = count;
  }
  return { starts, counts, weights, width };
}

function horizontal(image: RgbImage, { starts, counts, weights, width }: Coefficients): RgbImage {
  const target = starts.length;
  const data = new Uint8Array(target * image.height * 3);
  for (let y = 0, at = 0; y < image.height; y++) {
    const row = y * image.width * 3;
    for (let x = 0; x < target; x++, at += 3) {
      let [r, g, b] = [HALF, HALF, HALF];
      let from = row + starts[x]! * 3;
      for (let i = 0, w = x * width; i < counts[x]!; i++, from += 3, w++) {
        const weight = weights[w]!;
        r += image.data[from]! * weight;
        g += image.data[from + 1]! * weight;
        b += image.data[from + 2]! * weight;
      }
      data[at] = clip(r);
      data[at + 1] = clip(g);
      data[at + 2] = clip(b);
    }
  }
  return { width: target, height: image.height, data };
}

function vertical(image: RgbImage, { starts, counts, weights, width }: Coefficients): RgbImage {
  const target = starts.length;
  const stride = image.width * 3;
  const data = new Uint8Array(target * stride);
  const sums = new Int32Array(stride);
  for (let y = 0; y < target; y++) {
    sums.fill(HALF);
    for (let i = 0; i < counts[y]!; i++) {
      const weight = weights[y * width + i]!;
      const from = (starts[y]! + i) * stride;
      for (let x = 0; x < stride; x++) sums[x]! += image.data[from + x]! * weight;
    }
    for (let x = 0; x < stride; x++) data[y * stride + x] = clip(sums[x]!);
  }
  return { width: image.width, height: target, data };
}

function clip(sum: number): number {
  const value = sum >> PRECISION_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
