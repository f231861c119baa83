/** Merging the two arms of a search. */
import type { Result } from "./types";

/** The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009). */
export const RRF_K = 60;
/** How far down each arm fusion looks. */
export const FUSION_DEPTH = 1000;

/** The share of a rank, from 0, in a fused score. */
export function rankScore(rank: number): number {
  return 1 / (RRF_K + 1 + rank);
}

/** Rows of both arms by the sum of their rank scores; ties in row order. */
export function fuse(meaning: ArrayLike<number>, words: ArrayLike<number>): Result[] {
  const results = new Map<number, Result>();
  for (const [arm, rows] of [["meaning", meaning], ["words", words]] as const) {
    const depth = Math.min(rows.length, FUSION_DEPTH);
    for (let rank = 0; rank < depth; rank++) {
      const row = rows[rank]!;
      const result = results.get(row) ?? { row, score: 0, ranks: {} };
      result.score += rankScore(rank);
      result.ranks![arm] = rank;
      results.set(row, result);
    }
  }
  return [...results.values()].sort((a, b) => b.score - a.score || a.row - b.row);
}
