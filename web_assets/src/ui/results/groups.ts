/** Results that show the same picture: one tile for all of them until the person expands the group. Pure. */
import type { List } from "../state/list";
import type { Result } from "../../engine/types";

export interface Order {
  /** The places of a page that are shown, in the order of the screen. */
  places: number[];
  /** For each of them the place of the first of its group, or its own. */
  firsts: number[];
}

/** `open` has the rows whose groups are expanded. */
export function shownOrder(results: readonly Result[], open: ReadonlySet<number>): Order {
  const members = new Map<number, number[]>();
  results.forEach(({ duplicateOf }, place) => {
    if (duplicateOf !== undefined) members.set(duplicateOf, [...(members.get(duplicateOf) ?? []), place]);
  });
  const order: Order = { places: [], firsts: [] };
  results.forEach(({ row, duplicateOf }, place) => {
    if (duplicateOf !== undefined) return;
    for (const shown of [place, ...(open.has(row) ? members.get(row) ?? [] : [])]) {
      order.places.push(shown);
      order.firsts.push(place);
    }
  });
  return order;
}

/** How many others of its page show the same picture as the result at a place of the list. */
export function lookAlikes(list: List, index: number): number {
  const page = list.pages[Math.floor(index / list.page)];
  if (page?.status !== "ready") return 0;
  const row = page.results[index % list.page]?.row;
  return page.results.filter(({ duplicateOf }) => duplicateOf === row).length;
}

/** The place whose tile stands for a place that may be hidden. */
export function standIn(list: List, index: number, open: ReadonlySet<number>): number {
  const number = Math.floor(index / list.page);
  const page = list.pages[number];
  const first = page?.status === "ready" ? page.results[index % list.page]?.duplicateOf : undefined;
  if (first === undefined || open.has(first) || page?.status !== "ready") return index;
  const at = page.results.findIndex(({ row }) => row === first);
  return at < 0 ? index : number * list.page + at;
}

/** Whether any group is in the pages that are there. */
export function hasGroups(list: List): boolean {
  return list.pages.some((page) => page?.status === "ready" && page.results.some(({ duplicateOf }) => duplicateOf !== undefined));
}
