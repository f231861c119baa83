/** Where the rows of a list are: all of one height, with a line between likely and weaker matches. All lengths are CSS pixels. Pure. */
import type { List } from "../../state/list";
import type { Anchor } from "../view";

/** The height of the line between likely and weaker matches. */
export const DIVIDER = 56;

export interface Rows {
  count: number;
  height: number;
  /** The first of the weaker matches; −1 if there is no such line, as if no match is likely. */
  divide: number;
  total: number;
}

export function rowsOf(list: Pick<List, "length" | "divide" | "exhausted" | "page" | "pages">, height: number): Rows {
  // A ranking without a known end goes on below: the place of the next page shows that.
  const count = list.exhausted ? list.length : Math.max(list.length, list.pages.length * list.page);
  const divide = list.divide && list.divide < list.length ? list.divide : -1;
  return { count, height, divide, total: count * height + (divide >= 0 ? DIVIDER : 0) };
}

export function topOf({ height, divide }: Rows, index: number): number {
  return index * height + (divide >= 0 && index >= divide ? DIVIDER : 0);
}

/** The row at a height, or the nearest one. */
export function rowAt({ count, height, divide }: Rows, y: number): number {
  const shifted = divide >= 0 && y >= divide * height ? Math.max(divide * height, y - DIVIDER) : y;
  return Math.min(Math.max(0, count - 1), Math.max(0, Math.floor(shifted / height)));
}

/** The rows that touch `from … to`: the first, and one more than the last. */
export function rowsBetween(rows: Rows, from: number, to: number): { first: number; end: number } {
  if (!rows.count || to < 0 || from > rows.total) return { first: 0, end: 0 };
  return { first: rowAt(rows, from), end: rowAt(rows, to) + 1 };
}

export function anchorOf(rows: Rows, y: number): Anchor {
  const index = rowAt(rows, y);
  return { index, shift: y - topOf(rows, index) };
}

export function heightOfAnchor(rows: Rows, { index, shift }: Anchor): number {
  return topOf(rows, Math.min(index, Math.max(0, rows.count - 1))) + shift;
}
