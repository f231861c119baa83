/** What a search needs from full text, however it is stored. Every method may load files, so all are asynchronous. */
import type { Counts } from "./counts";
import type { Ranked } from "./rank-words";

/** The rows that match an expression, best first: the lowest bm25, ties in row order. */
export interface Matches {
  rows: Uint32Array;
  /** The bm25 of each row, as SQLite defines it: lower is better. */
  ranks: Float64Array;
}

export interface FullText {
  /**
   * The rows that have any of the words, ranked by bm25 like those of `match`: used for plain queries.
   * Null if the tokenizer does not take each of `words` as one term.
   * @param allowed whether a row may be a result; null allows all
   * @param weigh the weight of a word that `having` rows have, for the shares
   * @param beside the counts of other tables that are ranked together with this one
   */
  rank(
    words: readonly string[], allowed: ((row: number) => boolean) | null, weigh: (having: number) => number, beside?: Counts | null,
  ): Promise<Ranked | null>;
  /**
   * All rows that match an FTS5 expression, by SQLite's bm25 with equal weights.
   * @throws SyntaxProblem if SQLite refuses the expression
   */
  match(expression: string, beside?: Counts | null): Promise<Matches>;
  /** All rows that match an expression, in row order, unranked. */
  having(expression: string): Promise<Uint32Array>;
  /** The rows that have a word, in row order. */
  withWord(word: string): Promise<Uint32Array>;
  /**
   * `texts` (one per column, "" if there is none) cut at the words that match `expression`: alternating plain and
   * matched pieces, starting with a plain one. All plain if the expression does not match.
   */
  highlight(texts: readonly string[], expression: string): Promise<string[][]>;
  /** The counts that `rank` uses; null if the tokenizer does not take each of `words` as one term. */
  countWords(words: readonly string[]): Promise<Counts | null>;
  /** The counts that `match` uses, one number per phrase of the expression. */
  countPhrases(expression: string): Promise<Counts>;
}
