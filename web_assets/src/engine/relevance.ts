/**
 * Which results are likely matches, and which show the same picture (docs/QUERY.md, "Relevance"). The twin of
 * builder/imagedb_site/query/relevance.py.
 */
import type { Similarities } from "../kernel/index";

/** How many rows, evenly over the collection, are taken for the background. */
const SAMPLE = 4096;
/** How many standard deviations above the first quartile a likely match begins … */
const SPREADS = 4;
/** … but at least and at most so many logits above it. */
const [LEAST_LOGITS, MOST_LOGITS] = [6, 9.5];
/** Cosine similarity from which two images show the same picture. */
const DUPLICATE = 0.93;

const known = new WeakMap<Float32Array, number>();

/** The similarity to `query` from which a row is a likely match. */
export function likelyFrom(index: Similarities, query: Float32Array, temperature: number): number {
  const before = known.get(query);
  if (before !== undefined) return before;
  const { count } = index;
  const size = Math.min(count, SAMPLE);
  const sample = index.similarities(query, Float64Array.from({ length: size }, (_, i) => Math.floor((i * count) / size))).sort();
  const mean = sample.reduce((sum, value) => sum + value, 0) / size;
  const deviation = Math.sqrt(sample.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size);
  const step = Math.min(Math.max(SPREADS * deviation, LEAST_LOGITS * temperature), MOST_LOGITS * temperature);
  const limit = (sample[(size - 1) >> 2] ?? 0) + step;
  known.set(query, limit);
  return limit;
}

/**
 * For each of `rows` that shows the picture of an earlier one, that earlier row. The first row of a group stands
 * for it: later ones are only compared with first ones.
 */
export function duplicates(rows: readonly number[], index: Similarities): Map<number, number> {
  const found = new Map<number, number>();
  const firsts: { row: number; embedding: Float32Array }[] = [];
  for (const row of rows) {
    const embedding = unit(index.embedding(row));
    let [best, nearest] = [-Infinity, -1];
    for (const first of firsts) {
      const similarity = dot(first.embedding, embedding);
      if (similarity > best) [best, nearest] = [similarity, first.row];
    }
    if (best >= DUPLICATE) found.set(row, nearest);
    else firsts.push({ row, embedding });
  }
  return found;
}

function unit(vector: Float32Array): Float32Array {
  const norm = Math.sqrt(dot(vector, vector)) || 1;
  return vector.map((value) => value / norm);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d]! * b[d]!;
  return sum;
}
