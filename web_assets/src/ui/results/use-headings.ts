/** The list that a grid shows, with the dates that its headings are made of. */
import { useMemo } from "preact/hooks";

import { useStore } from "../context";
import { sectionsOf } from "../home/check";
import { useLate } from "../parts/hooks";
import type { List } from "../state/list";
import { isBrowsing } from "../state/view";
import type { Dated } from "../timeline/dated";
import { useDated } from "../timeline/use-dated";

/** How long (ms) the first results wait for their headings, which would move them. */
const PATIENCE_MS = 1500;

const NONE: readonly string[] = [];

/** Until the dates are known, the list has no results. `past`: the days of earlier years that are like today, on the start page. */
export function useHeadings(): { list: List | null; dated: Dated | null; past: readonly string[] } {
  const list = useStore((state) => state.list);
  const dated = useDated();
  const waiting = dated === undefined;
  const since = useMemo(() => (waiting ? performance.now() : null), [waiting, list?.key]);
  const late = useLate(since, PATIENCE_MS);
  const soon = waiting && !late;
  const shown = useMemo(() => (list && soon ? { ...list, pages: list.pages.map((page) => (page?.status === "failed" ? page : undefined)) } : list), [list, soon]);
  const home = useStore(({ view }) => isBrowsing(view) && view.data === null);
  const manifest = useStore((state) => state.manifest);
  const past = useMemo(() => (home && dated && sectionsOf(manifest).includes("on-this-day") ? dated.alike(new Date()) : NONE), [home, dated, manifest]);
  return { list: shown, dated: dated ?? null, past };
}
