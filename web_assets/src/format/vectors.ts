/** Vectors, tier `flat`, codec `int8` (docs/FORMAT.md 2.9). */
import { headerCount, readContainer, section } from "./container";
import { FormatError } from "./errors";

/** How codes become embeddings: row r is `mean[d] + scale[d]·code[r, d]`. */
export interface Quantizer {
  dim: number;
  mean: Float32Array;
  scale: Float32Array;
}

/** `dim` rounded up to a multiple of 16. */
export function paddedDim(dim: number): number {
  return Math.ceil(dim / 16) * 16;
}

/** Throws FormatError. */
export function readQuantizer(bytes: Uint8Array, dim: number): Quantizer {
  const container = readContainer(bytes, "quantizer");
  if (headerCount(container, "dim", 1) !== dim) throw new FormatError("The quantizer has another dimension than the manifest says.");
  const mean = section(container, "mean", ["f32"], dim);
  const scale = section(container, "scale", ["f32"], dim);
  if (!mean.every(Number.isFinite) || !scale.every((value) => value > 0 && Number.isFinite(value))) {
    throw new FormatError("The quantizer has a value that is not finite, or a scale that is not positive.");
  }
  return { dim, mean, scale };
}

/**
 * The codes of the rows `first … first + count - 1`, i8 [4 · padded_dim · ⌈count/4⌉]. Interleaved: rows in groups of
 * four, inside a group 16 dimensions of each row in turn.
 * @throws FormatError
 */
export function readVectors(bytes: Uint8Array, first: number, count: number, dim: number): Int8Array {
  const container = readContainer(bytes, "vectors");
  if (container.header["codec"] !== "int8") {
    throw new FormatError(`The vectors' codec “${String(container.header["codec"]).slice(0, 40)}” is unknown.`);
  }
  if (headerCount(container, "first") !== first || headerCount(container, "count") !== count || headerCount(container, "dim", 1) !== dim) {
    throw new FormatError("A file of vectors contains other rows or dimensions than the manifest says.");
  }
  const padded = headerCount(container, "padded_dim", 1);
  if (padded !== paddedDim(dim)) throw new FormatError("The vectors' padded_dim is not dim rounded up to a multiple of 16.");
  return section(container, "codes", ["i8"], 4 * padded * Math.ceil(count / 4));
}
