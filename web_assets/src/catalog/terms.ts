/**
 * What full text asks of an index: which rows have a term, how often, and at which places. A term is a token exactly as the
 * tokenizer of docs/FORMAT.md 2.8 gives it. Every method may load files. Rows that come back are rising.
 */

/** Where rows have a term. The places of row i are at `starts[i]` … `starts[i + 1] - 1`, in the order of columns and positions. */
export interface Occurrences {
  rows: Uint32Array;
  /** One more than rows. */
  starts: Uint32Array;
  /** The column of each place; null if there is only one column. */
  columns: Uint8Array | null;
  /** The number of tokens before each place in its column. */
  positions: Uint32Array;
}

/** Rows that have a term, rising, how many times each has it, and the tokens of each. */
export interface Sized {
  rows: Uint32Array;
  times: Uint32Array;
  sizes: Uint32Array;
}

export interface Terms {
  /** The number of rows. */
  readonly count: number;
  /** Tokens in all rows together. */
  readonly tokens: number;
  /** The rows that have a term; empty if there are none. */
  rows(term: string): Promise<Uint32Array>;
  /** How many rows have a term. */
  having(term: string): Promise<number>;
  /** How many times each row of `rows(term)` has the term. */
  times(term: string): Promise<Uint32Array>;
  /** @param within the rows whose places are needed; null for all. Other rows that have the term may be in the answer as well. */
  occurrences(term: string, within: Uint32Array | null): Promise<Occurrences>;
  /** All terms that begin with `prefix`, in the order of their UTF-8. */
  withPrefix(prefix: string): Promise<string[]>;
  /**
   * Tokens of each of `rows`, all columns together.
   * @param among terms that the rows may have: the files of their lists may be the cheapest place to find the tokens
   */
  lengths(rows: Uint32Array, among?: readonly string[]): Promise<Uint32Array>;
  /** What is already known of `lengths`, without loading anything; 0 for what is not. */
  knownLengths(rows: Uint32Array): Uint32Array;
  /** The rows to which a term gives most by bm25, ties by row; null if they are not stored by themselves. */
  best(term: string): Promise<Sized | null>;
}
