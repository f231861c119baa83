/** When two implementations give the same answer (docs/QUERY.md, "Agreement"); the twin of tests/golden/agreement.py. */

export interface Ranking {
  /** The whole ranking, without `k:`. */
  rows: number[];
  /** The rows of the words arm, best first. */
  words?: number[];
  /** Which part of the words those rows have; absent if all of them have all words. */
  coverage?: number[];
  /** The similarities of `rows`, in 1e-5; absent if nothing was ranked by meaning. */
  similarity?: number[];
}

/** Why `found` does not agree with a ranking; null if it does. */
export function disagreement(
  { rows, words = [], coverage, similarity }: Ranking, found: number[],
  { mode, tolerance, limit, ordered }: { mode: string; tolerance: number; limit: number | null; ordered: boolean },
): string | null {
  const size = Math.min(limit ?? rows.length, rows.length);
  if (found.length !== size || new Set(found).size !== size || found.some((row) => !rows.includes(row))) {
    return `${found.length} results, expected ${size} of the same rows`;
  }
  if (!similarity || ordered) return found.every((row, i) => row === rows[i]) ? null : "another order";
  const values = similarity.map((value) => value / 1e5);
  const share = (rank: number) => 1 / (31 + rank);
  const extraOf = (place: number) => (coverage?.[place] ?? 1) / (31 + place);
  const spans = rows.map((row, i) => {
    const place = words.indexOf(row);
    const extra = mode === "all" && place >= 0 ? extraOf(place) : 0;
    const first = values.filter((other) => other > values[i]! + 2 * tolerance).length;
    const last = values.filter((other) => other >= values[i]! - 2 * tolerance).length - 1;
    return { least: extra + share(last), most: extra + share(first) };
  });
  const at = (row: number) => (found.includes(row) ? found.indexOf(row) : found.length);
  for (let better = 0; better < rows.length; better++) {
    for (let worse = better + 1; worse < rows.length; worse++) {
      const swapped = at(rows[worse]!) < at(rows[better]!);
      if (swapped && spans[worse]!.most < spans[better]!.least - 1e-5) return `row ${rows[worse]} comes before row ${rows[better]}`;
    }
  }
  return null;
}
