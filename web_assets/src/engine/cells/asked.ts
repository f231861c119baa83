/**
 * A query and the sums over codes that it needs (docs/QUERY.md). They are added in double precision, term after term, and the base is
 * added last, so that every program gets the same bits.
 */
import { productsWith } from "../../kernel/packed";
import { UNKNOWN } from "../nearest";
import { best } from "./best";
import { FACTOR_ONE, SCALE_ONE, type Scheme } from "./scheme";

/** Cells are read from the best on as far as this many standard deviations below it. */
const SPREAD = 1.1;
/** Results for which a search reads no more cells than for the first one. */
const FIRST_RESULTS = 1024;
/** Searches for one query of which similarities are remembered. */
const REMEMBERED = 8;

/** What one search gave. */
export interface Scored {
  rows: Uint32Array;
  values: Float64Array;
}

export class Asked {
  readonly query: Float64Array;
  /** The similarity of the centre of each cell as the index codes it. */
  readonly bases: Float64Array;
  /** What cells are read by: the bases, and what the best row of each is expected to add. */
  private readonly routed: Float64Array;
  private readonly mean: number;
  private readonly weights: Float64Array;
  private readonly rowWeights: Float64Array;
  private readonly near: number;
  private order: Uint32Array = new Uint32Array();
  private readonly scored: Scored[] = [];

  /** @throws RangeError for a query of other dimensions, or with a number that is not finite */
  constructor(query: ArrayLike<number>, private readonly scheme: Scheme) {
    const { dim, quantizer, directions, index } = scheme;
    if (query.length !== dim) throw new RangeError(`The query has ${query.length} dimensions instead of ${dim}.`);
    this.query = Float64Array.from(query);
    if (!this.query.every(Number.isFinite)) throw new RangeError("The query has a number that is not finite.");
    const { dims, matrix, scale, steps } = directions;
    let [mean, square] = [0, 0];
    this.query.forEach((value, k) => {
      mean += value * quantizer.mean[k]!;
      square += value * value;
    });
    const along = new Float64Array(dims);
    for (let d = 0; d < dims; d++) {
      let sum = 0;
      for (let k = 0; k < dim; k++) sum += matrix[d * dim + k]! * this.query[k]!;
      along[d] = scale[d]! * sum;
    }
    this.mean = mean;
    this.weights = along.map((value, d) => value * steps[d]!);
    this.rowWeights = this.query.map((value, k) => value * index.rowScale[k]!);
    const cells = index.reach.length;
    this.bases = productsWith(along.map((value, d) => value * index.steps[d]!), index.codes, 0, cells, scheme.centres).map((sum) => mean + sum);
    const norm = Math.sqrt(square);
    this.routed = this.bases.map((base, cell) => base + index.reach[cell]! * norm);
    this.near = this.nearCells();
  }

  /** How many cells a search for `k` rows reads. */
  probes(k: number, least: number, most: number): number {
    const cells = this.routed.length;
    const first = Math.min(Math.max(this.near, least), most, cells);
    return k > FIRST_RESULTS ? Math.min(cells, Math.ceil((first * k) / FIRST_RESULTS)) : first;
  }

  /** The first `n` cells to read. */
  first(n: number): Uint32Array {
    if (this.order.length < n) this.order = best(this.routed, n, (cell) => cell);
    return this.order.subarray(0, n);
  }

  /** The first `n` of some cells. */
  firstOf(cells: Uint32Array, n: number): Uint32Array {
    return best(Float64Array.from(cells, (cell) => this.routed[cell]!), n, (place) => cells[place]!).map((place) => cells[place]!);
  }

  /** The similarity of a centre by its code in a group, which begins at `from`. */
  exactBase(centres: Int8Array, from: number): number {
    const { mean, scale } = this.scheme.quantizer;
    let sum = 0;
    for (let k = 0; k < this.query.length; k++) sum += this.query[k]! * (mean[k]! + scale[k]! * centres[from + k]!);
    return sum;
  }

  /** What the coarse codes of the rows `from … to − 1` add to their bases. */
  coarse(codes: Uint8Array, factors: Uint8Array, from: number, to: number): Float64Array {
    return productsWith(this.weights, codes, from, to - from, this.scheme.rows).map((sum, i) => (factors[from + i]! / FACTOR_ONE) * sum);
  }

  /** What row i of a vector file adds to its base. */
  refined({ scales, codes }: { scales: Uint8Array; codes: Int8Array }, i: number): number {
    let sum = 0;
    const { length } = this.rowWeights;
    for (let k = 0, at = i * length; k < length; k++, at++) sum += this.rowWeights[k]! * codes[at]!;
    return (scales[i]! / SCALE_ONE) * sum;
  }

  /** The similarities of rows that the quantizer codes, i8 [rows · dim]. */
  quantized(codes: Int8Array): Float64Array {
    const weights = this.query.map((value, k) => value * this.scheme.quantizer.scale[k]!);
    const { length } = weights;
    return Float64Array.from({ length: codes.length / length }, (_, i) => {
      let sum = 0;
      for (let k = 0, at = i * length; k < length; k++, at++) sum += weights[k]! * codes[at]!;
      return this.mean + sum;
    });
  }

  /** Remember what a search gave, for `similarities`. */
  remember(scored: Scored): void {
    this.scored.unshift(scored);
    this.scored.length = Math.min(this.scored.length, REMEMBERED);
  }

  /** What the last search that met a row gave it; UNKNOWN for other rows. */
  similarities(rows: ArrayLike<number>): Float64Array {
    const wanted = new Map<number, number>();
    for (let i = 0; i < rows.length; i++) wanted.set(rows[i]!, UNKNOWN);
    const left = new Set(wanted.keys());
    for (const { rows: met, values } of this.scored) {
      for (let i = 0; left.size && i < met.length; i++) if (left.delete(met[i]!)) wanted.set(met[i]!, values[i]!);
    }
    return Float64Array.from(rows, (row) => wanted.get(row)!);
  }

  /** How many cells are nearly as good as the best one. */
  private nearCells(): number {
    const { length } = this.routed;
    let [sum, most] = [0, -Infinity];
    for (const value of this.routed) {
      sum += value;
      if (value > most) most = value;
    }
    const mean = sum / length;
    let squares = 0;
    for (const value of this.routed) squares += (value - mean) * (value - mean);
    const limit = most - SPREAD * Math.sqrt(squares / length);
    let near = 0;
    for (const value of this.routed) if (value >= limit) near++;
    return near;
  }
}
