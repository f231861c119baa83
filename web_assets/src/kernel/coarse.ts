/** Similarities by coarse codes (docs/FORMAT.md 2.9), on top of the same integer scan. */
import { codeOffset, type PackedLayout, type RowMask, type Scanner } from "./scanner";
import { SimilarityIndex, type Similar } from "./similarity";

/** What coarse codes stand for. */
export interface Directions {
  dim: number;
  dims: number;
  matrix: Int8Array;
  scale: Float32Array;
  bits: Uint8Array;
  steps: Float32Array;
  rowBytes: number;
}

/**
 * Write the values `2c − 2^bits + 1` of packed codes into a scanner, whose rows have one value per direction.
 * @param packed u8 [rows · rowBytes]: the codes of the rows `first …`, bits in order, the lowest first
 */
export function unpackInto(scanner: Pick<Scanner, "codes" | "paddedDim" | "unpack">, first: number, packed: Uint8Array, { bits, rowBytes }: PackedLayout): void {
  if (scanner.unpack) {
    scanner.unpack(first, packed, { bits, rowBytes });
    return;
  }
  const { codes, paddedDim } = scanner;
  const rows = packed.length / rowBytes;
  const dims = bits.length;
  for (let row = 0; row < rows; row++) {
    const from = row * rowBytes;
    const to = codeOffset(paddedDim, first + row);
    for (let d = 0, bit = 0; d < dims; d++) {
      const width = bits[d]!;
      const at = from + (bit >> 3);
      // A code has at most 7 bits, so it lies in two bytes. Behind the last byte nothing of it is left.
      const code = ((packed[at]! | ((packed[at + 1] ?? 0) << 8)) >> (bit & 7)) & ((1 << width) - 1);
      codes[to + (d >> 4) * 64 + (d & 15)] = 2 * code - (1 << width) + 1;
      bit += width;
    }
  }
}

/** Similarities to the embeddings that coarse codes stand for. */
export class CoarseIndex {
  private readonly index: SimilarityIndex;

  /**
   * @param scanner one value per direction, from `unpackInto`
   * @param mean float32 [dim]: codes are of embeddings less this
   */
  constructor(scanner: Scanner, private readonly directions: Directions, private readonly mean: Float32Array) {
    const { dims, steps } = directions;
    this.index = new SimilarityIndex(scanner, { dim: dims, mean: new Float32Array(dims), scale: steps });
  }

  get count(): number {
    return this.index.count;
  }

  get dim(): number {
    return this.directions.dim;
  }

  /** The `k` rows most similar to `query`, float [dim]: `Σ q·mean + Σ p·steps·value`, where p are its products with the directions. */
  search(query: ArrayLike<number>, k: number, mask?: RowMask | null): Similar {
    const { rows, similarities } = this.index.search(this.rotated(query), k, mask);
    return { rows, similarities: this.based(query, similarities) };
  }

  /** The similarity of each of the given rows to `query`. */
  similarities(query: ArrayLike<number>, rows: ArrayLike<number>): Float64Array {
    return this.based(query, this.index.similarities(this.rotated(query), rows));
  }

  /** The embeddings that the codes of rows stand for, float32 [rows · dim]. */
  embeddings(rows: ArrayLike<number>): Float32Array {
    const { dim, dims, matrix, scale } = this.directions;
    const rotated = this.index.embeddings(rows);
    const result = new Float32Array(rows.length * dim);
    for (let i = 0; i < rows.length; i++) {
      for (let k = 0; k < dim; k++) {
        let sum = this.mean[k]!;
        for (let d = 0; d < dims; d++) sum += rotated[i * dims + d]! * scale[d]! * matrix[d * dim + k]!;
        result[i * dim + k] = sum;
      }
    }
    return result;
  }

  private rotated(query: ArrayLike<number>): Float64Array {
    const { dim, dims, matrix, scale } = this.directions;
    if (query.length !== dim) throw new RangeError(`The query has ${query.length} dimensions instead of ${dim}.`);
    const result = new Float64Array(dims);
    for (let d = 0; d < dims; d++) {
      let sum = 0;
      for (let k = 0; k < dim; k++) sum += matrix[d * dim + k]! * query[k]!;
      result[d] = scale[d]! * sum;
    }
    return result;
  }

  private based(query: ArrayLike<number>, similarities: Float64Array): Float64Array {
    let base = 0;
    for (let k = 0; k < this.mean.length; k++) base += query[k]! * this.mean[k]!;
    return similarities.map((similarity) => base + similarity);
  }
}
