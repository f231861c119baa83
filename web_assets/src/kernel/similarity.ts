/** Similarities of float queries, as docs/FORMAT.md 2.9 defines them, on top of an integer scan. */
import { integerQuery } from "./query";
import { codeOffset, type RowMask, type Scanner } from "./scanner";

/** How the codes of a collection become embeddings. */
export interface Quantization {
  dim: number;
  mean: Float32Array;
  scale: Float32Array;
}

export interface Similar {
  /** Most similar first; equal similarities in row order. */
  rows: Uint32Array;
  similarities: Float64Array;
}

/** Additional rows that a scan returns, so that rounding the query to int16 does not lose a row at the end. */
const SPARE = 32;

export class SimilarityIndex {
  constructor(private readonly scanner: Scanner, private readonly quantization: Quantization) {}

  get count(): number {
    return this.scanner.count;
  }

  get dim(): number {
    return this.quantization.dim;
  }

  /** The `k` rows most similar to `query`, float [dim]: `Σ q·mean + Σ q·scale·code`, in double precision. */
  search(query: ArrayLike<number>, k: number, mask?: RowMask | null): Similar {
    const { weights, base } = this.fold(query);
    const { values } = integerQuery(weights, this.scanner.paddedDim);
    const found = this.scanner.scan(values, Math.min(k + SPARE, this.count), mask).rows;
    const exact = new Float64Array(found.length);
    const rows = new Uint32Array(found.length);
    for (let i = 0; i < found.length; i++) {
      const row = found[i]!;
      const similarity = base + this.dot(weights, row);
      // The scan's order is nearly right, so an insertion sort moves rows only a short way.
      let at = i;
      for (; at > 0 && (exact[at - 1]! < similarity || (exact[at - 1] === similarity && rows[at - 1]! > row)); at--) {
        exact[at] = exact[at - 1]!;
        rows[at] = rows[at - 1]!;
      }
      exact[at] = similarity;
      rows[at] = row;
    }
    return { rows: rows.slice(0, k), similarities: exact.slice(0, k) };
  }

  /** The similarity of each of the given rows to `query`. */
  similarities(query: ArrayLike<number>, rows: ArrayLike<number>): Float64Array {
    const { weights, base } = this.fold(query);
    return Float64Array.from({ length: rows.length }, (_, i) => base + this.dot(weights, rows[i]!));
  }

  /** The embeddings of rows, contiguous, float32 [rows · dim], decoded from the codes (so their length is only about 1). */
  embeddings(rows: ArrayLike<number>): Float32Array {
    const { dim, mean, scale } = this.quantization;
    const { codes, paddedDim } = this.scanner;
    const result = new Float32Array(rows.length * dim);
    for (let i = 0; i < rows.length; i++) {
      const from = codeOffset(paddedDim, rows[i]!);
      const to = i * dim;
      for (let d = 0; d < dim; d++) result[to + d] = mean[d]! + scale[d]! * codes[from + (d >> 4) * 64 + (d & 15)]!;
    }
    return result;
  }

  private fold(query: ArrayLike<number>): { weights: Float64Array; base: number } {
    const { dim, mean, scale } = this.quantization;
    if (query.length !== dim) throw new RangeError(`The query has ${query.length} dimensions instead of ${dim}.`);
    const weights = new Float64Array(dim);
    let base = 0;
    for (let d = 0; d < dim; d++) {
      weights[d] = query[d]! * scale[d]!;
      base += query[d]! * mean[d]!;
    }
    return { weights, base };
  }

  private dot(weights: Float64Array, row: number): number {
    const { codes, paddedDim } = this.scanner;
    let at = codeOffset(paddedDim, row);
    let sum = 0;
    const { length } = weights;
    for (let d = 0; d < length; d += 16, at += 64) {
      const chunk = Math.min(16, length - d);
      for (let b = 0; b < chunk; b++) sum += weights[d + b]! * codes[at + b]!;
    }
    return sum;
  }
}
