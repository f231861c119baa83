/** What few visitors need of the engine, as a script of its own. It must not import what the rest of the engine uses. */
import { checkSeed, shuffled, split, type Part } from "../../base/batches";
import type { Definition } from "../../base/definition";
import type { Batch } from "../types";

export { readDownloads } from "../../format/downloads";

/** The rows of a sample of `size` images. Throws RangeError for a seed out of range. */
export function sampleOf(ids: Uint8Array, size: number, seed: number): number[] {
  checkSeed(seed);
  return shuffled(ids, Uint32Array.from({ length: ids.length / 8 }, (_, row) => row), seed).slice(0, size);
}

/** The rows of each part. Throws RangeError for a definition out of range. */
export function partsOf(ids: Uint8Array, { validation, test, seed }: Definition): Record<Part, number[]> {
  return split(ids, { validation: validation / 100, test: test / 100, seed });
}

export function batchOf(parts: Record<Part, number[]>, size: number, part: Part, n: number): Batch {
  const { train, validation, test } = parts;
  return { images: [train.length, validation.length, test.length], rows: parts[part].slice(n * size, (n + 1) * size) };
}
