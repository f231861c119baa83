/** SQLite's bm25 with equal weights, operation by operation. It takes counts, so that rows of several tables can be ranked as if they were in one. */

/** The constants of SQLite's bm25. */
const K1 = 1.2;
const B = 0.75;

/** The weight (inverse document frequency) of a phrase that `having` of `rows` rows have. */
export function rarity(rows: number, having: number): number {
  const value = Math.log((rows - having + 0.5) / (having + 0.5));
  return value <= 0 ? 1e-6 : value;
}

/** What a phrase adds to the score of a row. The operations and their order are those of SQLite, so that ties stay ties. */
export function gain(rarity: number, times: number, size: number, meanSize: number): number {
  return rarity * ((times * (K1 + 1)) / (times + K1 * (1 - B + (B * size) / meanSize)));
}
