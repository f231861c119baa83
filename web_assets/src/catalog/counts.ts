/** The counts that bm25 needs. */

/** The counts of a table that bm25 needs. For tables that are ranked together they are added up. */
export interface Counts {
  rows: number;
  /** Terms in all rows. */
  size: number;
  /** How many rows have each word or phrase of a query. */
  having: readonly number[];
}

/** The counts of two tables together; null stands for no table. */
export function addCounts(a: Counts, b: Counts | null | undefined): Counts {
  if (!b) return a;
  // A table without any term does not know how many phrases there are.
  const phrases = Math.max(a.having.length, b.having.length);
  const having = Array.from({ length: phrases }, (_, i) => (a.having[i] ?? 0) + (b.having[i] ?? 0));
  return { rows: a.rows + b.rows, size: a.size + b.size, having };
}
