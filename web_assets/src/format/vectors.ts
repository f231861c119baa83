/** Vectors, tier `flat`, codec `int8` (docs/FORMAT.md 2.6). */
import { headerCount, readContainer, section } from "./container";
import { FormatError } from "./errors";

/** Embeddings of all rows: row r is `mean[d] + scale[d]·code[r, d]`. */
export interface Vectors {
  count: number;
  dim: number;
  /** `dim` rounded up to a multiple of 16; the codes beyond `dim` are 0. */
  paddedDim: number;
  mean: Float32Array;
  scale: Float32Array;
  /** Interleaved: rows in groups of four, inside a group 16 dimensions of each row in turn. */
  codes: Int8Array;
}

export function readVectors(bytes: Uint8Array): Vectors {
  const container = readContainer(bytes, "vectors");
  if (container.header["codec"] !== "int8") {
    throw new FormatError(`The vectors' codec “${String(container.header["codec"]).slice(0, 40)}” is unknown.`);
  }
  const count = headerCount(container, "count");
  const dim = headerCount(container, "dim", 1);
  const paddedDim = headerCount(container, "padded_dim", 1);
  if (paddedDim !== Math.ceil(dim / 16) * 16) throw new FormatError("The vectors' padded_dim is not dim rounded up to 16.");
  return {
    count,
    dim,
    paddedDim,
    mean: section(container, "mean", ["f32"], dim),
    scale: section(container, "scale", ["f32"], dim),
    codes: section(container, "codes", ["i8"], 4 * paddedDim * Math.ceil(count / 4)),
  };
}
