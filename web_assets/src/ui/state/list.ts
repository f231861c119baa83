/** A list of results that is filled page by page, as pure values. */
import type { Manifest, Notice, Result, RowInfo, SearchRequest, SearchResponse } from "../../engine/types";
import type { View } from "./view";

/** Results per page: enough to fill a screen, few enough to load quickly. */
export const PAGE = 120;

/**
 * The same in a collection without pictures. A screen of text has few results, and those of a search lie in almost as many
 * files of rows, which nothing but their ids is needed of.
 */
const PAGE_OF_TEXTS = 20;

/** How many results a page of this collection has. */
export function pageOf(manifest: Manifest | null): number {
  return manifest?.thumbnails.count === 0 && !manifest.remote ? PAGE_OF_TEXTS : PAGE;
}

/** Whether the pages of an object are one result. */
export function foldsPages({ allPages }: View, manifest: Manifest | null): boolean {
  return manifest?.objects !== undefined && !allPages;
}

/** What a search puts together: look-alikes, and the pages of objects if the collection has any. */
export function together(view: View, manifest: Manifest | null): Pick<SearchRequest, "group" | "byObject"> {
  return { ...(view.group ? { group: true } : {}), ...(manifest?.objects ? { byObject: foldsPages(view, manifest) } : {}) };
}

export type Page =
  | { status: "loading" }
  | { status: "failed"; message: string }
  | { status: "ready"; results: Result[]; infos: RowInfo[] };

export interface List {
  key: string;
  /** Results per page. */
  page: number;
  /** How many images match; null if the ranking has no known end. */
  total: number | null;
  /** How many images these are, if an object with several is one result; null if that is unknown or has no meaning. */
  pictures: number | null;
  /** How many of them have all the words, if words were searched. */
  strictTotal: number | null;
  /** How many results, from the first, are likely matches; null if that is unknown or has no meaning. */
  divide: number | null;
  /** How many places are known to exist; with an unknown total it grows as pages arrive. */
  length: number;
  /** Whether nothing follows the known places. */
  exhausted: boolean;
  stage: SearchResponse["stage"];
  notices: Notice[];
  elapsedMs: number;
  pages: (Page | undefined)[];
}

/** The whole collection in its own order: its length is known, its pages come when shown. `pictures` as in a list. */
export function browseList(key: string, count: number, page = PAGE, pictures: number | null = null): List {
  return {
    key, page, total: count, pictures, strictTotal: null, divide: null, length: count, exhausted: true, stage: "final", notices: [], elapsedMs: 0,
    pages: new Array<Page | undefined>(Math.ceil(count / page)).fill(undefined),
  };
}

/** A list from the first response of a search. `most` bounds every ranking: the size of the collection. */
export function firstPage(key: string, response: SearchResponse, infos: RowInfo[], most: number, page = PAGE): List {
  const { results, total, pictures = null, strictTotal = null, stage, notices, elapsedMs } = response;
  // That no result is a likely match is not known before the final stage, nor if a file could not be loaded.
  const known = stage === "final" && !notices.some(({ retry }) => retry);
  const divide = (known ? response.divide : response.divide || null) ?? null;
  const full = results.length >= page;
  const length = full && total !== null ? Math.max(results.length, Math.min(total, most)) : results.length;
  const exhausted = !full || total !== null || length >= most;
  const pages: (Page | undefined)[] = [{ status: "ready", results, infos }];
  const slots = exhausted ? Math.ceil(length / page) : 2;
  while (pages.length < slots) pages.push(undefined);
  return { key, page, total, pictures, strictTotal, divide, length, exhausted, stage, notices, elapsedMs, pages };
}

/** The list with one page filled in. A short page of a ranking without known end ends it. */
export function withPage(list: List, index: number, page: Page, most: number): List {
  const pages = list.pages.slice();
  pages[index] = page;
  if (page.status !== "ready" || list.exhausted) return { ...list, pages };
  const length = Math.max(list.length, index * list.page + page.results.length);
  const exhausted = page.results.length < list.page || length >= most;
  if (!exhausted && pages.length === index + 1) pages.push(undefined);
  if (exhausted) pages.length = Math.max(1, Math.ceil(length / list.page));
  return { ...list, pages, length, exhausted };
}

/** How many places page `index` has, as far as known. */
export function pageLength(list: List, index: number): number {
  const page = list.pages[index];
  if (page?.status === "ready") return page.results.length;
  if (!list.exhausted && index === list.pages.length - 1) return list.page;
  return Math.max(0, Math.min(list.page, list.length - index * list.page));
}

export interface Place {
  result: Result;
  info: RowInfo;
}

/** The result at a place of the list; null while its page is not loaded. */
export function placeAt(list: List, index: number): Place | null {
  const page = list.pages[Math.floor(index / list.page)];
  if (page?.status !== "ready") return null;
  const result = page.results[index % list.page];
  const info = page.infos[index % list.page];
  return result && info ? { result, info } : null;
}

/** The place of an image in the loaded pages; −1 if it is not in them. */
export function indexOfId(list: List, id: string): number {
  for (const [number, page] of list.pages.entries()) {
    if (page?.status !== "ready") continue;
    const at = page.infos.findIndex((info) => info.id === id);
    if (at >= 0) return number * list.page + at;
  }
  return -1;
}

/** Whether two lists show the same rows in the same order on their first page. */
export function sameOrder(one: List, other: List): boolean {
  const [a, b] = [one.pages[0], other.pages[0]];
  if (a?.status !== "ready" || b?.status !== "ready") return false;
  return a.results.length === b.results.length && a.results.every((result, i) => result.row === b.results[i]?.row);
}
