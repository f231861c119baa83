/** Merging the two arms of a search. */
import type { Result } from "./types";

/** The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009). */
const RRF_K = 30;
/** How far down each arm fusion looks. */
export const FUSION_DEPTH = 1000;

/** The share of a rank, from 0, in a fused score. */
export function rankScore(rank: number): number {
  return 1 / (RRF_K + 1 + rank);
}

/**
 * Rows of both arms by the sum of their shares; ties in row order.
 * @param coverage which part of the words the first rows of `words` have
 * @param first how many rows of `words` come before all others
 */
export function fuse(meaning: ArrayLike<number>, words: ArrayLike<number>, coverage: ArrayLike<number>, first = 0): Result[] {
  const results = new Map<number, Result>();
  for (let rank = 0; rank < Math.min(meaning.length, FUSION_DEPTH); rank++) {
    const row = meaning[rank]!;
    results.set(row, { row, score: rankScore(rank), ranks: { meaning: rank } });
  }
  for (let rank = 0; rank < Math.min(words.length, FUSION_DEPTH); rank++) {
    const row = words[rank]!;
    const result = results.get(row) ?? { row, score: 0, ranks: {} };
    result.score += coverage[rank]! * rankScore(rank) + (rank < first ? 1 : 0);
    result.ranks!.words = rank;
    results.set(row, result);
  }
  return [...results.values()].sort((a, b) => b.score - a.score || a.row - b.row);
}
