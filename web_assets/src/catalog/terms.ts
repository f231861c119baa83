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
  /** Tokens of each of `rows`, all columns together. */
  lengths(rows: Uint32Array): Promise<Uint32Array>;
  /** The rows of a term, how many times each has it, and its tokens: what ranking by single words needs. */
  sized(term: string): Promise<{ rows: Uint32Array; times: Uint32Array; sizes: Uint32Array }>;
}
