/**
 * Which results are likely matches, and which show the same picture (docs/QUERY.md, "Relevance"). The twin of
 * builder/imagedb_site/query/relevance.py.
 */
import { has } from "./mask";
import type { Nearest } from "./nearest";
import { dot } from "./products";

/** Where the background of a query lies, and how far above it a likely match begins. */
export interface Scale {
  start: number;
  step: number;
}

/** What is known about the similarities of a model. */
export interface Calibration {
  /** Similarity / temperature is a logit. */
  temperature: number;
  /** The similarity from which a text usually describes a picture, whatever the collection; null or absent if there is none. */
  level?: number | null | undefined;
}

/** How far above the first quartile a likely match begins, in standard deviations or logits: the larger, but at most so many logits. */
const [SPREADS, LOGITS, MOST_LOGITS] = [4, 6, 9.5];
/** The same if the level of the model is nearer than that. */
const [NEAR_SPREADS, NEAR_LOGITS] = [2, 4];
/** A likely match of two texts begins at this share of the way from the first quartile to 1, and at least this far from it. */
const [TEXT_SHARE, LEAST_STEP] = [0.45, 0.01];
/** Cosine similarity from which two images show the same picture. */
const DUPLICATE = 0.93;
/** More than the rounding error of sums in double precision. */
const ROUNDING = 1e-9;

/**
 * The scale of a query from its similarities to a sample of rows.
 * @param texts whether the query is made of texts, and the rows have the embeddings of texts
 */
export function scaleOf(background: Float64Array, { temperature, level }: Calibration, texts: boolean): Scale {
  const sample = background.slice().sort();
  const size = sample.length;
  const start = sample[(size - 1) >> 2] ?? 0;
  if (texts) return { start, step: Math.max(TEXT_SHARE * (1 - start), LEAST_STEP) };
  const mean = sample.reduce((sum, value) => sum + value, 0) / size;
  const deviation = Math.sqrt(sample.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size);
  const far = Math.min(Math.max(SPREADS * deviation, LOGITS * temperature), MOST_LOGITS * temperature);
  const near = Math.max(NEAR_SPREADS * deviation, NEAR_LOGITS * temperature);
  return { start, step: Math.min(level == null ? far : Math.max(level - start, near), far) };
}

/**
 * For each of `rows` that shows the picture of an earlier one, that earlier row. The first row of a group stands
 * for the group: later rows are only compared with first rows. Rows whose embeddings are not in memory are similar to nothing.
 */
export async function duplicates(rows: readonly number[], nearest: Nearest): Promise<Map<number, number>> {
  const { dim } = nearest;
  // By the Cauchy–Schwarz inequality, the tails of two vectors add at most the product of the tails' lengths:
  // for most pairs the heads alone show that they differ.
  const head = dim >> 2;
  const vectors = await nearest.held(rows);
  const { texts } = nearest;
  // Texts show no picture.
  if (texts) rows.forEach((row, place) => { if (has(texts, row)) vectors.fill(0, place * dim, (place + 1) * dim); });
  const tails = new Float64Array(rows.length);
  const found = new Map<number, number>();
  const firsts: number[] = [];
  rows.forEach((row, place) => {
    const own = place * dim;
    scaleToUnit(vectors.subarray(own, own + dim));
    tails[place] = Math.sqrt(dot(vectors, own + head, vectors, own + head, dim - head));
    let [best, nearest] = [-Infinity, -1];
    for (const first of firsts) {
      const other = first * dim;
      let similarity = dot(vectors, own, vectors, other, head);
      if (similarity + tails[place]! * tails[first]! < DUPLICATE - ROUNDING) continue;
      similarity += dot(vectors, own + head, vectors, other + head, dim - head);
      if (similarity > best) [best, nearest] = [similarity, first];
    }
    if (best >= DUPLICATE) found.set(row, rows[nearest]!);
    else firsts.push(place);
  });
  return found;
}

function scaleToUnit(vector: Float32Array): void {
  const norm = Math.sqrt(dot(vector, 0, vector, 0, vector.length)) || 1;
  for (let d = 0; d < vector.length; d++) vector[d]! /= norm;
}
