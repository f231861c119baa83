/** Coarse codes of vectors (docs/FORMAT.md 2.9). */
import { headerCount, readContainer, section } from "./container";
import { FormatError } from "./errors";

const MOST_BITS = 7;

/**
 * What coarse codes stand for: direction d is `scale[d] · matrix[d]`, its code c `steps[d]·(2c − 2^bits[d] + 1)`.
 * @param dim the dimension of the embeddings
 * @throws FormatError
 */
export function readCoarse(bytes: Uint8Array, dim: number) {
  const container = readContainer(bytes, "coarse");
  const dims = headerCount(container, "dims", 1);
  if (headerCount(container, "dim", 1) !== dim || dims > dim) throw new FormatError("The coarse codes have other dimensions than the manifest says.");
  const found = {
    dim, dims,
    matrix: section(container, "matrix", ["i8"], dims * dim),
    scale: section(container, "scale", ["f32"], dims),
    bits: section(container, "bits", ["u8"], dims),
    steps: section(container, "steps", ["f32"], dims),
    rowBytes: headerCount(container, "row_bytes", 1),
  };
  const positive = (value: number): boolean => value > 0 && Number.isFinite(value);
  if (!found.scale.every(positive) || !found.steps.every(positive)) throw new FormatError("The coarse codes have a value that is not positive.");
  if (!found.bits.every((bits) => bits >= 1 && bits <= MOST_BITS)) throw new FormatError("The coarse codes have directions of no bits or too many.");
  const total = found.bits.reduce((sum, bits) => sum + bits, 0);
  if (found.rowBytes !== Math.ceil(total / 8)) throw new FormatError("The coarse codes' row_bytes do not fit their bits.");
  return found;
}

/** The packed codes of the rows `first … first + count - 1`, u8 [count · rowBytes]. Throws FormatError. */
export function readCoarseCodes(bytes: Uint8Array, first: number, count: number, rowBytes: number): Uint8Array {
  const container = readContainer(bytes, "coarse-codes");
  if (headerCount(container, "first") !== first || headerCount(container, "count") !== count || headerCount(container, "row_bytes", 1) !== rowBytes) {
    throw new FormatError("A file of coarse codes contains other rows than the manifest says.");
  }
  return section(container, "codes", ["u8"], count * rowBytes);
}
