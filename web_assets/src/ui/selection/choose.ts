/** Which results are chosen. Pure. */
import { pageLength, placeAt, type List } from "../state/list";

export type Chosen = ReadonlyMap<string, number>;

/** The most results that can be chosen at the same time. */
export const MOST = 5000;

export function toggled(chosen: Chosen, id: string, row: number): Chosen {
  const next = new Map(chosen);
  if (!next.delete(id)) next.set(id, row);
  return limited(next);
}

/**
 * With the results between two places of the list in addition.
 * @param shown whether a look-alike at a place is on the screen: hidden ones are left out
 */
export function withRange(chosen: Chosen, list: List, from: number, to: number, shown: (index: number) => boolean): Chosen {
  const next = new Map(chosen);
  for (let index = Math.min(from, to); index <= Math.max(from, to); index++) {
    const place = placeAt(list, index);
    if (place && (place.result.duplicateOf === undefined || shown(index))) next.set(place.info.id, place.info.row);
  }
  return limited(next);
}

/** The pages between two places that are not loaded. */
export function missingPages(list: List, from: number, to: number): number[] {
  const [first, last] = [Math.min(from, to), Math.max(from, to)].map((index) => Math.floor(index / list.page)) as [number, number];
  const missing: number[] = [];
  for (let page = first; page <= last; page++) if (list.pages[page]?.status !== "ready") missing.push(page);
  return missing;
}

/** How many results “all” means: every one that matches; of a ranking without an end, the likely matches or what is loaded. */
export function allOf(list: List): { count: number; kind: "results" | "likely matches" | "loaded results" } {
  if (list.total !== null || list.exhausted) return { count: Math.min(MOST, list.length), kind: "results" };
  if (list.divide) return { count: Math.min(MOST, list.divide), kind: "likely matches" };
  let loaded = 0;
  while (list.pages[Math.floor(loaded / list.page)]?.status === "ready") loaded += Math.max(1, pageLength(list, Math.floor(loaded / list.page)));
  return { count: Math.min(MOST, loaded), kind: "loaded results" };
}

function limited(chosen: Map<string, number>): Chosen {
  return chosen.size > MOST ? new Map([...chosen].slice(0, MOST)) : chosen;
}
