/** Similarities over published rows and additions. */
import type { RowMask } from "../kernel/index";
import { countMask, emptyMask, fullMask, has, without, type Mask } from "../engine/mask";
import { merged, UNKNOWN, type Near, type Nearest } from "../engine/nearest";
import { dot } from "../engine/products";

/** The published rows, and behind them the additions with their exact embeddings (null: not embedded). */
export class JoinedNearest implements Nearest {
  readonly known: Mask | null;
  readonly texts: Mask | null;
  private pictures: number | null = null;

  constructor(private readonly published: Nearest, private readonly added: readonly (Float32Array | null)[]) {
    this.known = published.known || added.includes(null) ? joinedMask(published, added) : null;
    // What a visitor adds are pictures.
    this.texts = published.texts && emptyMask(this.count);
    if (published.texts) this.texts?.set(published.texts);
  }

  get count(): number {
    return this.published.count + this.added.length;
  }

  get rough(): boolean {
    return this.published.rough;
  }

  get dim(): number {
    return this.published.dim;
  }

  async search(query: ArrayLike<number>, k: number, mask?: RowMask | null, signal?: AbortSignal): Promise<Near> {
    const near = await this.published.search(query, k, mask, signal);
    const mine = this.mine(query, mask);
    if (!mine.length) return near;
    mine.sort((a, b) => b.similarity - a.similarity || a.row - b.row);
    return merged(near, { rows: Uint32Array.from(mine, ({ row }) => row), similarities: Float64Array.from(mine, ({ similarity }) => similarity), exact: true }, k);
  }

  async similarities(query: ArrayLike<number>, rows: ArrayLike<number>): Promise<Float64Array> {
    const first = this.published.count;
    const all = Array.from(rows);
    const published = await this.published.similarities(query, all.filter((row) => row < first));
    let next = 0;
    return Float64Array.from(all, (row) => {
      if (row < first) return published[next++]!;
      const embedding = this.added[row - first];
      return embedding ? dot(query, 0, embedding, 0, this.dim) : UNKNOWN;
    });
  }

  embeddings(rows: ArrayLike<number>): Promise<Float32Array> {
    return this.joined(rows, (published) => this.published.embeddings(published));
  }

  held(rows: ArrayLike<number>): Promise<Float32Array> {
    return this.joined(rows, (published) => this.published.held(published));
  }

  async above(query: ArrayLike<number>, limit: number, mask?: RowMask | null): Promise<Uint32Array> {
    const published = await this.published.above(query, limit, mask);
    return Uint32Array.from([...published, ...this.mine(query, mask).flatMap(({ row, similarity }) => (similarity >= limit ? [row] : []))]);
  }

  /** The sample of the published rows, and as large a share of the additions, which are pictures. */
  async background(query: ArrayLike<number>, texts: boolean): Promise<Float64Array> {
    const sample = await this.published.background(query, texts);
    if (texts) return sample;
    const mine = this.mine(query);
    const size = Math.ceil(mine.length * this.share(sample.length));
    return Float64Array.from([...sample, ...Array.from({ length: size }, (_, i) => mine[Math.floor((i * mine.length) / size)]!.similarity)]);
  }

  /** The share of the published pictures that is in a sample of this size. */
  private share(size: number): number {
    const { known, texts, count } = this.published;
    this.pictures ??= texts ? countMask(without(known, texts, count)) : known ? countMask(known) : count;
    return this.pictures ? size / this.pictures : 1;
  }

  /** The additions with an embedding that the mask allows, with their similarities to a query. */
  private mine(query: ArrayLike<number>, mask?: RowMask | null): { row: number; similarity: number }[] {
    const first = this.published.count;
    return this.added.flatMap((embedding, i) =>
      (embedding && (!mask || has(mask, first + i)) ? [{ row: first + i, similarity: dot(query, 0, embedding, 0, this.dim) }] : []));
  }

  private async joined(rows: ArrayLike<number>, of: (rows: number[]) => Promise<Float32Array>): Promise<Float32Array> {
    const { dim } = this;
    const first = this.published.count;
    const all = Array.from(rows);
    const published = await of(all.filter((row) => row < first));
    if (published.length === all.length * dim) return published;
    const result = new Float32Array(all.length * dim);
    let next = 0;
    all.forEach((row, i) => {
      const own = row < first ? published.subarray(next * dim, ++next * dim) : this.added[row - first];
      if (own) result.set(own, i * dim);
    });
    return result;
  }

}

/** The published rows and the additions that have an embedding. */
function joinedMask({ count, known }: Nearest, added: readonly (Float32Array | null)[]): Mask {
  const mask = emptyMask(count + added.length);
  mask.set(known ?? fullMask(count));
  added.forEach((embedding, i) => {
    if (embedding) mask[(count + i) >> 3]! |= 1 << ((count + i) & 7);
  });
  return mask;
}
