/** What searches ask of the columns of a collection. Types only. */
import type { Column, ValueCount, Zone } from "../format/index";
import type { Mask } from "./mask";
import type { ValueKey } from "./query/index";

/** The rows `first … first + count − 1` of a column. */
export interface Span {
  first: number;
  count: number;
  /** The range of the values; null if there are none, undefined if it is not known. */
  zone: Zone | undefined;
}

/** A field's values for the rows of a collection. */
export interface ColumnSource {
  /** Rows. */
  readonly count: number;
  /** Rows with a value. */
  readonly known: number;
  /** The blocks of rows, in order. */
  readonly blocks: readonly Span[];
  /** What must be loaded to know the most frequent values, in bytes as stored. */
  readonly bytes: number;
  /** Of tags, categories and booleans of many rows; otherwise the blocks have to be loaded. */
  readonly values: ColumnValues | null;
  /** The column of a block's rows. */
  block(place: number): Promise<Column>;
  /** The column of these rows alone, from their documents; null if loading their blocks costs less. */
  pick(rows: Uint32Array): Promise<Column> | null;
  /** The column of all rows. */
  whole(): Promise<Column>;
}

/** The different values of a column and the rows that have each. */
export interface ColumnValues {
  /** How many different values there are. */
  readonly count: number;
  /** The most frequent values, at least `limit` or all; ties in code-point order. */
  top(limit: number): Promise<readonly ValueCount[]>;
  /** Values whose comparable form begins with `key`, in any order; of very many only a part. */
  starting(key: string): Promise<readonly ValueCount[]>;
  /** All values, in any order. */
  all(): Promise<readonly ValueCount[]>;
  /** How many rows have exactly this value. */
  countOf(value: string): Promise<number>;
  /** Those of the comparable forms that a value has. Loads only files that `rows` loads for them. */
  known(forms: readonly string[]): Promise<ReadonlySet<string>>;
  /** The rows with a value that is accepted. `keys`: all accepted values have one of these; null if others may be accepted. */
  rows(accepts: (value: string) => boolean, keys: readonly ValueKey[] | null): Promise<Mask>;
}
