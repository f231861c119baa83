/** Other orders than that of relevance. */
import { numberAt, type Column } from "../format/index";
import { QueryError } from "./errors";

/** How many of the most relevant results another order takes in, where relevance knows no end. */
export const SORT_POOL = 500;

/** Rows by a column's value; equal values keep their order, unknown ones come last. */
export function sortRows<T extends { row: number }>(items: T[], column: Column, descending: boolean, label: string): T[] {
  if (column.kind === "tags") throw new QueryError(`The field “${label}” has no order.`);
  const sign = descending ? -1 : 1;
  if (column.kind === "number") {
    return by(items, ({ row }) => numberAt(column, row), (value) => Number.isNaN(value), (a, b) => sign * (a - b));
  }
  const places = new Int32Array(column.values.length);
  const folded = column.values.map((value) => value.toLowerCase());
  Array.from(folded.keys())
    .sort((a, b) => (folded[a]! < folded[b]! ? -1 : folded[a]! > folded[b]! ? 1 : a - b))
    .forEach((code, place) => { places[code] = place; });
  const missing = (value: number) => value < 0;
  return by(items, ({ row }) => (column.codes[row]! === column.missing ? -1 : places[column.codes[row]!]!), missing, (a, b) => sign * (a - b));
}

function by<T>(items: T[], key: (item: T) => number, missing: (key: number) => boolean, compare: (a: number, b: number) => number): T[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  const known = keyed.filter((entry) => !missing(entry.key)).sort((a, b) => compare(a.key, b.key));
  return [...known, ...keyed.filter((entry) => missing(entry.key))].map((entry) => entry.item);
}
