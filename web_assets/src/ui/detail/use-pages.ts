/** The pages of the object that the open picture belongs to. */
import { useRef } from "preact/hooks";

import { useController, useStore } from "../context";
import { useLoaded } from "../parts/hooks";
import type { List } from "../state/list";

/** The rows of all pages in their order, one for a picture that is alone; null until they are known. A failure counts as one page. */
export function usePages(row: number | null): readonly number[] | null {
  const { collection } = useController();
  const able = useStore((state) => state.manifest?.objects !== undefined);
  const before = useRef<readonly number[] | null>(null);
  const found = useLoaded(() => (able && row !== null && collection ? collection.pagesOf(row) : Promise.resolve(null)), [row, able]);
  if (row === null) return null;
  // The pages stay while another one is opened.
  if (before.current?.includes(row)) return before.current;
  if (!able || found.state === "failed") return [row];
  const pages = found.state === "ready" && found.value?.includes(row) ? found.value : null;
  before.current = pages;
  return pages;
}

/** The place in the list of one of the rows; −1 if none of them is in its pages that are there. */
export function indexOfRows(list: List, rows: readonly number[]): number {
  const wanted = new Set(rows);
  for (const [number, page] of list.pages.entries()) {
    const at = page?.status === "ready" ? page.results.findIndex(({ row }) => wanted.has(row)) : -1;
    if (at >= 0) return number * list.page + at;
  }
  return -1;
}
