/** Orders other than relevance. */
import { lengthAt, numberAt, type Column } from "../format/index";
import { QueryError } from "./errors";
import { compareCodePoints, fold } from "./query/index";

/** How many of the most relevant results are sorted if the ranking has no end. */
export const SORT_POOL = 500;

/** Rows by a column's value; equal values keep their order, unknown ones come last. */
export function sortRows<T extends { row: number }>(items: T[], column: Column, descending: boolean, label: string): T[] {
  if (column.kind === "tags") throw new QueryError(`Cannot sort by “${label}”: a picture can have several values.`);
  const sign = descending ? -1 : 1;
  if (column.kind === "number") {
    // Dates that start together sort by their ends.
    const key = ({ row }: T) => ({ value: numberAt(column, row), length: lengthAt(column, row) });
    return by(items, key, ({ value }) => Number.isNaN(value), (a, b) => sign * (a.value - b.value || a.length - b.length));
  }
  const places = new Int32Array(column.values.length);
  const folded = column.values.map(fold);
  const order = Array.from(folded.keys()).sort((a, b) => compareCodePoints(folded[a]!, folded[b]!));
  // Values that differ only in case or accents are equal.
  order.forEach((code, i) => { places[code] = i && folded[code] === folded[order[i - 1]!] ? places[order[i - 1]!]! : i; });
  const missing = (value: number) => value < 0;
  return by(items, ({ row }) => (column.codes[row]! === column.missing ? -1 : places[column.codes[row]!]!), missing, (a, b) => sign * (a - b));
}

function by<T, K>(items: T[], key: (item: T) => K, missing: (key: K) => boolean, compare: (a: K, b: K) => number): T[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  const known = keyed.filter((entry) => !missing(entry.key)).sort((a, b) => compare(a.key, b.key));
  return [...known, ...keyed.filter((entry) => missing(entry.key))].map((entry) => entry.item);
}
