/** What a list and a table have in common: which rows are drawn, loading of pages, focus, keys, and the place to come back to. */
import { own } from "../../../base/own";
import type { RefObject, TargetedKeyboardEvent } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { useController, useStore } from "../../context";
import { headLine } from "../head-line";
import { indexOfId, pageLength, placeAt, type List } from "../../state/list";
import { anchorOf, heightOfAnchor, rowAt, rowsBetween, rowsOf, topOf, type Rows } from "./geometry";
import { useFocus } from "../use-focus";
import { useScrolling } from "../use-scrolling";
import type { Scrub } from "../view";

/** How far beyond the screen rows are drawn, in screen heights. */
const OVERSCAN = 0.6;
/** A page is loaded once it has been on screen for this long (ms), so that fast scrolling skips pages. */
const LINGER_MS = 90;

/** A part of the list whose results are not loaded. */
export interface Gap {
  page: number;
  top: number;
  height: number;
  failure: string | null;
}

export interface ShownRows {
  list: List | null;
  /** The height at which the list is drawn. */
  height: number;
  /** The places of the loaded rows to draw, rising. */
  shown: number[];
  gaps: Gap[];
  /** Where the line above the weaker matches is drawn; null if it is not on screen. */
  divider: number | null;
  /** The place the Tab key leads to. */
  current: number;
  topOf: (index: number) => number;
  /** Whether an image is chosen; null if nothing is. */
  chosenOf: (id: string) => boolean | null;
  /** What a scrubber needs; null if there is no list. */
  scrub: Scrub | null;
  onFocus: (index: number) => void;
  onKeyDown: (event: TargetedKeyboardEvent<HTMLElement>, index: number) => void;
}

/** @param height of a row, 0 if it is not known yet; `covered`: see `useScrolling` */
export function useRows(element: RefObject<HTMLElement | null>, height: number, covered = 0): ShownRows {
  const controller = useController();
  const list = useStore((state) => state.list);
  const selected = useStore((state) => state.selected);
  const [current, setCurrent] = useState(0);
  const rows = useMemo(() => (list && height > 0 ? rowsOf(list, height) : null), [list, height]);
  const { from, to, shift, height: drawn, at, show, showTop, look } = useScrolling(element, rows?.total ?? null, { over: OVERSCAN, covered });
  const latest = useRef<{ rows: Rows; list: List } | null>(null);
  latest.current = rows && list ? { rows, list } : null;
  const placed = useRef<{ key: string; height: number } | null>(null);

  // A new list starts at its top, or at the place stored in the history. If the rows change their height, the first one stays first.
  useLayoutEffect(() => {
    if (!rows || !list) return;
    const before = placed.current;
    placed.current = { key: list.key, height: rows.height };
    const restored = controller.takeRestored(list.key);
    if (restored) show(heightOfAnchor(rows, restored));
    else if (before && before.key !== list.key) {
      showTop();
      setCurrent(0);
    } else if (before && before.height !== rows.height && at() > 0) {
      show(topOf(rows, rowAt({ ...rows, height: before.height }, at())));
    }
    look();
  }, [rows]);

  const span = rows ? rowsBetween(rows, from, to) : { first: 0, end: 0 };
  const shown: number[] = [];
  const gaps: Gap[] = [];
  if (list && rows) {
    const per = list.page;
    for (let page = Math.floor(span.first / per); page * per < span.end; page++) {
      const state = list.pages[page];
      const [begin, end] = [Math.max(span.first, page * per), Math.min(span.end, page * per + pageLength(list, page))];
      if (state?.status === "ready") {
        for (let index = begin; index < end; index++) shown.push(index);
      } else if (end > begin) {
        const top = topOf(rows, begin);
        gaps.push({ page, top: top - shift, height: topOf(rows, end - 1) + rows.height - top, failure: state?.status === "failed" ? state.message : null });
      }
    }
    if (current < list.length && !shown.includes(current) && placeAt(list, current)) shown.push(current);
  }
  const missing = gaps.filter(({ failure }) => failure === null).map(({ page }) => page);
  useEffect(() => {
    if (!missing.length) return;
    const timer = setTimeout(() => { for (const page of missing) void controller.loadPage(page); }, list?.pages[0] ? LINGER_MS : 0);
    return () => clearTimeout(timer);
  }, [missing.join(), list]);

  const giveFocus = useFocus(element, rows && list ? list.key : null);
  const focusRow = useCallback((index: number): void => {
    const now = latest.current;
    if (!now) return;
    setCurrent(index);
    const top = topOf(now.rows, index);
    const room = innerHeight - headLine() - covered;
    look();
    if (top < at() + 4) show(top - 4);
    else if (top + now.rows.height > at() + room - 8) show(top + now.rows.height - room + 24);
    giveFocus(index);
  }, [look, show, covered]);

  useEffect(() => controller.attach({
    place: () => {
      look();
      return latest.current ? { key: latest.current.list.key, anchor: anchorOf(latest.current.rows, at()) } : null;
    },
    scrolled: () => scrollY,
    focused: () => element.current?.contains(document.activeElement) ?? false,
    focus: (id) => {
      const now = latest.current;
      if (!now?.list.length) return;
      const index = id === undefined ? current : indexOfId(now.list, id);
      if (index >= 0) focusRow(Math.min(index, now.list.length - 1));
    },
    show: (index) => {
      if (!latest.current) return;
      show(topOf(latest.current.rows, index));
      focusRow(index);
    },
  }), [controller, look, current, focusRow]);

  const onKeyDown = useCallback((event: TargetedKeyboardEvent<HTMLElement>, index: number): void => {
    const now = latest.current;
    if (!now || event.ctrlKey || event.metaKey || event.altKey) return;
    const last = now.list.length - 1;
    const page = Math.max(1, Math.floor((innerHeight - headLine()) / now.rows.height) - 1);
    const steps: Record<string, number> = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: last, PageDown: index + page, PageUp: index - page };
    const next = own(steps, event.key);
    if (next !== undefined) {
      event.preventDefault();
      focusRow(Math.min(last, Math.max(0, next)));
    } else if (event.key === "m" && controller.store.get().manifest?.vectors) {
      const place = placeAt(now.list, index);
      if (place) controller.moreLike(place.info.id);
    }
  }, [controller, focusRow]);
  const onFocus = useCallback((index: number) => setCurrent(index), []);
  const divide = rows && rows.divide >= 0 ? topOf(rows, rows.divide) : null;
  return {
    list, height: rows ? drawn : 0, shown, gaps, current, onFocus, onKeyDown,
    divider: divide !== null && divide >= from && divide <= to ? divide - shift : null,
    chosenOf: (id) => (selected.size ? selected.has(id) : null),
    topOf: (index) => (rows ? topOf(rows, index) - shift : 0),
    scrub: rows && list && { list, total: rows.total, at, show, covered, indexAt: (y) => rowAt(rows, y), heightAt: (index) => topOf(rows, index) },
  };
}
