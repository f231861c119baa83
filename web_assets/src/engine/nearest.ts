/**
 * The interface between searching by meaning and the storage of vectors. `FlatNearest` scans all of them in memory; other tiers
 * read only what a query needs, so everything is asynchronous.
 */
import type { RowsBlock } from "../format/index";
import type { CoarseIndex, RowMask, Similar, SimilarityIndex } from "../kernel/index";
import { both, has, rowsOf, without, type Mask } from "./mask";
import { similaritiesTo } from "./products";

export interface Near extends Similar {
  /** Whether it is certain that no other row is nearer. */
  exact: boolean;
  /** What could not be loaded, in a sentence for people; the rows are those of the rest then. */
  lost?: string;
}

/** A row of a file that draws it. */
export interface DrawnRow {
  file: RowsBlock;
  at: number;
}

/** Rows that lie, with what the grid needs for them, beside their vectors. */
export interface Drawn {
  /** Those of `rows` whose files are in memory. */
  held: (rows: readonly number[]) => Map<number, DrawnRow>;
  /**
   * Load the files of those of `rows` that recent searches found, if they have fewer bytes than their blocks of rows.
   * @param blockBytes the size of a block
   */
  more: (rows: readonly number[], blockOf: (row: number) => number, blockBytes: number) => Promise<Map<number, DrawnRow>>;
}

export interface Nearest {
  /** How many rows there are, and how many dimensions their embeddings have. */
  readonly count: number;
  readonly dim: number;
  /** The rows that have an embedding; null if all have one. */
  readonly known: Mask | null;
  /** The rows that have the embedding of their text; null if there is none. The others have that of a picture. */
  readonly texts: Mask | null;
  /** Whether similarities and embeddings are those of coarse codes, for a first answer. */
  readonly rough: boolean;
  /** What draws rows without their blocks; null or absent if that does not lie beside the vectors. */
  readonly drawn?: Drawn | null;
  /**
   * The `k` rows most similar to `query`, float [dim]; equal similarities in row order.
   * @param mask allows only the rows whose bit is set
   * @throws the signal's reason on abort
   */
  search(query: ArrayLike<number>, k: number, mask?: RowMask | null, signal?: AbortSignal): Promise<Near>;
  /** The similarity of each of the rows to `query`; UNKNOWN for rows without an embedding. */
  similarities(query: ArrayLike<number>, rows: ArrayLike<number>): Promise<Float64Array>;
  /** The embeddings of rows side by side, float32 [rows · dim], in a new array. Rows without one give zeros. */
  embeddings(rows: ArrayLike<number>): Promise<Float32Array>;
  /** The same as far as they are in memory; zeros for other rows. */
  held(rows: ArrayLike<number>): Promise<Float32Array>;
  /** All rows with at least this similarity to `query`, of those that the mask allows, in any order. */
  above(query: ArrayLike<number>, limit: number, mask?: RowMask | null): Promise<Uint32Array>;
  /** The similarities of `query` to a sample of pictures, or of `texts`; none if there are no such rows. */
  background(query: ArrayLike<number>, texts: boolean): Promise<Float64Array>;
}

/** How many rows, evenly spread over the collection, are sampled for the background. */
const BACKGROUND_ROWS = 4096;
/** How many rows `above` looks at first. */
const FIRST_REACH = 1024;

/** The similarity of a row without an embedding to everything. */
export const UNKNOWN = -1;

/** The sampled rows for the background of a collection of `count` rows. */
export function backgroundRows(count: number): Uint32Array {
  const size = Math.min(count, BACKGROUND_ROWS);
  return Uint32Array.from({ length: size }, (_, i) => Math.floor((i * count) / size));
}

/** The sampled rows of pictures, or of `texts`. */
function sampledRows({ count, known: all, texts: mine }: Pick<Nearest, "count" | "known" | "texts">, texts: boolean): Uint32Array {
  if (texts && !mine) return new Uint32Array();
  const known = texts ? mine : mine ? without(all, mine, count) : all;
  if (!known) return backgroundRows(count);
  const rows = rowsOf(known);
  return backgroundRows(rows.length).map((place) => rows[place]!);
}

/** The first `k` of two lists by falling similarity; ties in row order. */
export function merged(a: Near, b: Near, k: number): Near {
  const size = Math.min(k, a.rows.length + b.rows.length);
  const [rows, similarities] = [new Uint32Array(size), new Float64Array(size)];
  for (let at = 0, i = 0, j = 0; at < size; at++) {
    const [x, y] = [a.similarities[i] ?? -Infinity, b.similarities[j] ?? -Infinity];
    const first = j >= b.rows.length || (i < a.rows.length && (x > y || (x === y && a.rows[i]! < b.rows[j]!)));
    rows[at] = first ? a.rows[i]! : b.rows[j]!;
    similarities[at] = first ? x : y;
    if (first) i++;
    else j++;
  }
  const lost = a.lost ?? b.lost;
  return { rows, similarities, exact: a.exact && b.exact, ...lost ? { lost } : {} };
}

/** Implements `above` by searching for more and more rows. */
async function rowsAbove(nearest: Pick<Nearest, "count" | "search">, query: ArrayLike<number>, limit: number, mask?: RowMask | null): Promise<Uint32Array> {
  for (let k = FIRST_REACH; ; k *= 4) {
    const { rows, similarities } = await nearest.search(query, Math.min(k, nearest.count), mask);
    const end = similarities.findIndex((similarity) => similarity < limit);
    if (end >= 0) return rows.subarray(0, end);
    if (rows.length >= nearest.count || rows.length < k) return rows;
  }
}

/** Tier `flat`: every row is scanned. */
export class FlatNearest implements Nearest {
  private readonly samples = new Map<boolean, Float32Array>();

  constructor(
    private readonly index: SimilarityIndex | CoarseIndex, readonly known: Mask | null = null, readonly texts: Mask | null = null, readonly rough = false,
  ) {}

  get count(): number {
    return this.index.count;
  }

  get dim(): number {
    return this.index.dim;
  }

  async search(query: ArrayLike<number>, k: number, mask?: RowMask | null, signal?: AbortSignal): Promise<Near> {
    signal?.throwIfAborted();
    const allowed = this.known && mask ? both(this.known, mask) : this.known ?? mask;
    return { ...this.index.search(query, k, allowed), exact: !this.rough };
  }

  async similarities(query: ArrayLike<number>, rows: ArrayLike<number>): Promise<Float64Array> {
    const found = this.index.similarities(query, rows);
    const { known } = this;
    return known ? found.map((similarity, i) => (has(known, rows[i]!) ? similarity : UNKNOWN)) : found;
  }

  async embeddings(rows: ArrayLike<number>): Promise<Float32Array> {
    const found = this.index.embeddings(rows);
    if (this.known) {
      for (let i = 0; i < rows.length; i++) {
        if (!has(this.known, rows[i]!)) found.fill(0, i * this.dim, (i + 1) * this.dim);
      }
    }
    return found;
  }

  held(rows: ArrayLike<number>): Promise<Float32Array> {
    return this.embeddings(rows);
  }

  above(query: ArrayLike<number>, limit: number, mask?: RowMask | null): Promise<Uint32Array> {
    return rowsAbove(this, query, limit, mask);
  }

  async background(query: ArrayLike<number>, texts: boolean): Promise<Float64Array> {
    // Embeddings of coarse codes would first have to be put together.
    if (this.rough) return await this.similarities(query, sampledRows(this, texts));
    // A contiguous copy of the sample is read three times as fast as the index.
    const sample = this.samples.get(texts) ?? this.index.embeddings(sampledRows(this, texts));
    this.samples.set(texts, sample);
    return similaritiesTo(query, sample);
  }
}
