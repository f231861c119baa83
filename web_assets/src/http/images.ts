/** Images as JSON, and similarities that have the same bits in every language. The twin of builder/imagedb_site/http_api/images.py. */
import { ApiError } from "./request";
import type { State } from "./state";

const NO_EMBEDDING = "The collection has no embedding of this image, so nothing can be compared with it.";

export type Json = Record<string, unknown>;

/** The images at these rows, with everything that is published about them. */
export async function images({ engine }: State, rows: ArrayLike<number>): Promise<Json[]> {
  const list = Array.from(rows);
  const [infos, documents] = await Promise.all([engine.site.infos(list), Promise.all(list.map((row) => engine.site.document(row)))]);
  return list.map((row, i) => {
    const { id, path, width, height, fields, ...more } = documents[i]! as unknown as Json;
    const { thumbnail } = infos[i]!;
    const place = thumbnail && { path: thumbnail.url.slice(engine.address.length), offset: thumbnail.offset, length: thumbnail.length };
    const found: Json = { number: row + 1, id, path, width, height, fields, thumbnail: place };
    for (const name of ["view", "original", "remote"] as const) if (more[name] !== undefined) found[name] = more[name];
    return found;
  });
}

/**
 * The sum of images' embeddings, each of length 1, times a weight: float64 [dim]. Sums are taken one number after the other, so that
 * Python gets the same bits. Throws ApiError if none of the images has an embedding.
 */
export async function queryVector({ engine }: State, rows: readonly number[], weights: readonly number[]): Promise<Float64Array> {
  const nearest = await engine.site.nearest();
  const embeddings = await nearest.embeddings(rows);
  if (embeddings.every((value) => value === 0)) throw new ApiError(404, NO_EMBEDDING);
  const total = new Float64Array(nearest.dim);
  rows.forEach((_, i) => {
    const embedding = embeddings.subarray(i * nearest.dim, (i + 1) * nearest.dim);
    const length = Math.sqrt(product(embedding, embedding));
    const factor = length ? weights[i]! / length : 0;
    for (let d = 0; d < nearest.dim; d++) total[d]! += embedding[d]! * factor;
  });
  return total;
}

/** The cosine of each row with `query`, summed in float64 in the order of the dimensions. */
export async function similarities({ engine }: State, query: Float64Array, rows: readonly number[]): Promise<number[]> {
  const nearest = await engine.site.nearest();
  const embeddings = await nearest.embeddings(rows);
  const length = Math.sqrt(product(query, query));
  return rows.map((_, i) => {
    const embedding = embeddings.subarray(i * nearest.dim, (i + 1) * nearest.dim);
    const own = Math.sqrt(product(embedding, embedding));
    return own && length ? product(embedding, query) / (own * length) : 0;
  });
}

/** A similarity with six digits. */
export function rounded(similarity: number): number {
  return Math.floor(similarity * 1e6 + 0.5) / 1e6;
}

function product(a: Float32Array | Float64Array, b: Float32Array | Float64Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d]! * b[d]!;
  return sum;
}
