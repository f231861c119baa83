/** Similarities over published rows and additions. */
import type { RowMask } from "../kernel/index";
import { emptyMask, fullMask, has, type Mask } from "../engine/mask";
import { rowsAbove, sampledRows, UNKNOWN, type Near, type Nearest } from "../engine/nearest";

/** The published rows, and behind them the additions with their exact embeddings (null: not embedded). */
export class JoinedNearest implements Nearest {
  readonly known: Mask | null;
  readonly texts: Mask | null;
  private readonly samples = new Map<boolean, Promise<Float32Array>>();

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
    const first = this.published.count;
    const mine = this.added.flatMap((embedding, i) =>
      (embedding && (!mask || has(mask, first + i)) ? [{ row: first + i, similarity: dot(query, embedding) }] : []));
    if (!mine.length) return near;
    // Equal similarities in row order: published rows are the smaller ones.
    mine.sort((a, b) => b.similarity - a.similarity || a.row - b.row);
    const size = Math.min(k, near.rows.length + mine.length);
    const [rows, similarities] = [new Uint32Array(size), new Float64Array(size)];
    for (let at = 0, i = 0, j = 0; at < size; at++) {
      const local = mine[j];
      const takeLocal = local && (i >= near.rows.length || local.similarity > near.similarities[i]!);
      rows[at] = takeLocal ? local.row : near.rows[i]!;
      similarities[at] = takeLocal ? local.similarity : near.similarities[i]!;
      if (takeLocal) j++;
      else i++;
    }
    return { rows, similarities, exact: near.exact };
  }

  async similarities(query: ArrayLike<number>, rows: ArrayLike<number>): Promise<Float64Array> {
    const first = this.published.count;
    const all = Array.from(rows);
    const published = await this.published.similarities(query, all.filter((row) => row < first));
    let next = 0;
    return Float64Array.from(all, (row) => {
      if (row < first) return published[next++]!;
      const embedding = this.added[row - first];
      return embedding ? dot(query, embedding) : UNKNOWN;
    });
  }

  async embeddings(rows: ArrayLike<number>): Promise<Float32Array> {
    const { dim } = this;
    const first = this.published.count;
    const all = Array.from(rows);
    const published = await this.published.embeddings(all.filter((row) => row < first));
    if (published.length === all.length * dim) return published;
    const result = new Float32Array(all.length * dim);
    let next = 0;
    all.forEach((row, i) => {
      const own = row < first ? published.subarray(next * dim, ++next * dim) : this.added[row - first];
      if (own) result.set(own, i * dim);
    });
    return result;
  }

  above(query: ArrayLike<number>, limit: number): Promise<Uint32Array> {
    return rowsAbove(this, query, limit);
  }

  background(texts = false): Promise<Float32Array> {
    const sample = this.samples.get(texts) ?? this.embeddings(sampledRows(this, texts)).catch((error: unknown) => {
      this.samples.delete(texts);
      throw error;
    });
    this.samples.set(texts, sample);
    return sample;
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

function dot(a: ArrayLike<number>, b: Float32Array): number {
  let sum = 0;
  for (let d = 0; d < b.length; d++) sum += a[d]! * b[d]!;
  return sum;
}
