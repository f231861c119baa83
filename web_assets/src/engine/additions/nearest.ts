/** Similarities over published rows and additions alike. */
import type { RowMask, Similar, Similarities } from "../../kernel/index";
import { has } from "../mask";

/** The published index, and behind its rows the additions with their exact embeddings (null: not embedded). */
export class JoinedSimilarity implements Similarities {
  constructor(private readonly published: Similarities, private readonly added: readonly (Float32Array | null)[]) {}

  get count(): number {
    return this.published.count + this.added.length;
  }

  get dim(): number {
    return this.published.dim;
  }

  search(query: ArrayLike<number>, k: number, mask?: RowMask | null): Similar {
    const near = this.published.search(query, k, mask);
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
    return { rows, similarities };
  }

  similarities(query: ArrayLike<number>, rows: ArrayLike<number>): Float64Array {
    const first = this.published.count;
    const all = Array.from(rows);
    const published = this.published.similarities(query, all.filter((row) => row < first));
    let next = 0;
    return Float64Array.from(all, (row) => {
      if (row < first) return published[next++]!;
      const embedding = this.added[row - first];
      return embedding ? dot(query, embedding) : 0;
    });
  }

  embedding(row: number): Float32Array {
    const first = this.published.count;
    return row < first ? this.published.embedding(row) : this.added[row - first] ?? new Float32Array(this.dim);
  }
}

function dot(a: ArrayLike<number>, b: Float32Array): number {
  let sum = 0;
  for (let d = 0; d < b.length; d++) sum += a[d]! * b[d]!;
  return sum;
}
