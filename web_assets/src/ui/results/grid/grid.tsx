/** The results as a justified grid. Only tiles on or near the screen are rendered. It scrolls with the page. */
import { own } from "../../../base/own";
import type { JSX, TargetedKeyboardEvent } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { useController, useStore } from "../../context";
import { indexOfId, placeAt, type List } from "../../state/list";
import { useWidth } from "../../parts/hooks";
import { Retry } from "../../parts/retry";
import { anchorAt, boxOf, geometryOf, heightOf, neighbour, visible, type Direction, type Geometry } from "./layout";
import { HEADING } from "./periods";
import { measureFor } from "./rows";
import { lookAlikes, standIn } from "../groups";
import { headLine } from "../head-line";
import { LongScrubber } from "../long";
import { useHeadings } from "../use-headings";
import { useFocus } from "../use-focus";
import { useScrolling } from "../use-scrolling";
import type { Place } from "../view";
import { screenHeight } from "../../screen";
import { Period } from "../../timeline/period";
import { LINE, ThisDay } from "../../timeline/this-day";
import { Tile } from "./tile";

const KEYS: Record<string, Direction> = {
  ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", Home: "first", End: "last", PageUp: "screen up", PageDown: "screen down",
};
/** How far beyond the screen tiles are rendered, in screen heights. */
const OVERSCAN = 0.75;
/** Milliseconds until the tiles beyond the screen are rendered for a new list, unless the person scrolls earlier. */
const SETTLE = 250;
/** … in this many steps, this many ms apart, so that no step keeps the page busy. */
const [GROW_STEPS, GROW_INTERVAL_MS] = [3, 40];
/** A page is loaded once it has been on screen for this long (ms), so that fast scrolling skips pages. */
const LINGER = 90;
const GLIDE = 420;
/** No group is expanded. */
const CLOSED: ReadonlySet<number> = new Set();

/** The height at the upper edge of the free screen when the end of the grid is at the lower one. */
function endOf(geometry: Geometry): number {
  return Math.max(0, geometry.height - (innerHeight - headLine()));
}

export function Grid(): JSX.Element | null {
  const controller = useController();
  const { list, dated, past } = useHeadings();
  const refinement = useStore((state) => state.refinement);
  const { version } = useStore((state) => state.local);
  const selected = useStore((state) => state.selected);
  const style = useStore((state) => state.look);
  const element = useRef<HTMLUListElement>(null);
  const width = useWidth(element, list !== null);
  const [current, setCurrent] = useState(0);
  const [gliding, setGliding] = useState(false);
  const [opened, setOpened] = useState<{ key: string; rows: ReadonlySet<number> } | null>(null);
  const open = opened && opened.key === list?.key ? opened.rows : CLOSED;
  const [grown, setGrown] = useState<{ key: string | null; steps: number }>({ key: null, steps: 0 });
  const growTo = useCallback((key: string | null, steps: number): void => {
    setGrown((old) => (old.key === key && old.steps >= steps ? old : { key, steps }));
  }, []);
  const anchor = useRef<Place | null>(null);
  /** Whether the place to return to is only estimated, because its page is not loaded yet. */
  const settling = useRef(false);
  /** Whether the end of the list is wanted, wherever that is once its page is loaded. */
  const ending = useRef(false);

  const geometry = useMemo(
    () => (list && width > 0 ? geometryOf(list, measureFor(width, style), open, dated?.starts, past.length ? LINE : 0) : null), [list, width, style, open, dated, past],
  );
  const toggle = useCallback((row: number): void => {
    setOpened((old) => {
      const rows = new Set(old?.key === latest.current?.list.key ? old?.rows : []);
      if (!rows.delete(row)) rows.add(row);
      return { key: latest.current?.list.key ?? "", rows };
    });
    setGliding(true);
    setTimeout(() => setGliding(false), GLIDE);
  }, []);
  const latest = useRef<{ geometry: Geometry; list: List } | null>(null);

  const scrolling = useScrolling(element, geometry?.height ?? null, {
    over: OVERSCAN,
    onScroll: () => {
      follow();
      growTo(latest.current?.list.key ?? null, GROW_STEPS);
    },
  });
  const { from, to, shift, at, show } = scrolling;
  /** What the person looks at is where they have scrolled to, if need be in the list as it was a moment ago. */
  const follow = useCallback((): void => {
    const now = latest.current;
    if (!now || !scrolling.scrolled()) return;
    settling.current = ending.current = false;
    anchor.current = { key: now.list.key, anchor: anchorAt(now.geometry, at()) };
  }, []);
  if (latest.current && latest.current.geometry !== geometry) follow();
  latest.current = geometry && list ? { geometry, list } : null;
  const look = useCallback((): void => {
    scrolling.look();
    follow();
  }, []);

  /** The person goes to a height of the list. */
  const jump = useCallback((y: number): void => {
    const now = latest.current;
    if (!now) return;
    show(y);
    anchor.current = { key: now.list.key, anchor: anchorAt(now.geometry, at()) };
    settling.current = boxOf(now.geometry, anchor.current.anchor.index) === null;
    ending.current = y >= endOf(now.geometry) - 1;
  }, []);

  // What the person looks at does not move while pages above it get their exact height; a new list starts
  // at its top, or at the place stored in the history.
  useLayoutEffect(() => {
    if (!geometry || !list) return;
    scrolling.look();
    const restored = controller.takeRestored(list.key);
    if (restored) {
      anchor.current = { key: list.key, anchor: restored };
      settling.current = boxOf(geometry, restored.index) === null;
      show(heightOf(geometry, restored));
    } else if (anchor.current?.key !== list.key) {
      settling.current = ending.current = false;
      if (anchor.current) scrolling.showTop();
      scrolling.look();
      anchor.current = { key: list.key, anchor: { index: 0, shift: Math.min(0, at()) } };
      setCurrent(0);
    } else if (settling.current || at() > 0) {
      settling.current &&= boxOf(geometry, anchor.current.anchor.index) === null;
      scrolling.keep(ending.current ? endOf(geometry) : heightOf(geometry, anchor.current.anchor));
    }
    look();
  }, [geometry]);

  useEffect(() => {
    if (!refinement) return;
    setGliding(true);
    const timer = setTimeout(() => setGliding(false), GLIDE);
    return () => clearTimeout(timer);
  }, [refinement]);

  const key = list?.key ?? null;
  const near = Math.floor(screenHeight() * OVERSCAN * (1 - (grown.key === key ? grown.steps : 0) / GROW_STEPS));
  const { tiles, headings, missing } = useMemo(
    () => (geometry ? visible(geometry, from + near, to - near) : { tiles: [], headings: [], missing: [] }), [geometry, from, to, near],
  );
  // Tiles beyond the screen are drawn once the pictures on screen have arrived: theirs would delay those. For a list
  // that the next letter replaces they are not drawn at all.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let [steps, calm] = [0, 0];
    const grow = (): void => {
      const ready = latest.current?.list.pages.some((page) => page?.status === "ready");
      calm = ready && !controller.thumbnails.held.running ? calm + 1 : 0;
      // Checking once is not enough: pictures are requested a moment after their tiles are drawn.
      if (calm < 2) {
        timer = setTimeout(grow, GROW_INTERVAL_MS);
        return;
      }
      growTo(key, ++steps);
      if (steps < GROW_STEPS) timer = setTimeout(grow, GROW_INTERVAL_MS);
    };
    const frame = requestAnimationFrame(() => { timer = setTimeout(grow, SETTLE); });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [key]);
  useEffect(() => {
    if (!missing.length) return;
    const timer = setTimeout(() => { for (const page of missing) void controller.loadPage(page); }, list && list.pages[0] ? LINGER : 0);
    return () => clearTimeout(timer);
  }, [missing.join(), list]);

  /** Scrolls as little as is needed to show a tile. */
  const reveal = useCallback((geometry: Geometry, index: number): void => {
    const box = boxOf(geometry, index);
    const top = box?.top ?? heightOf(geometry, { index, shift: 0 });
    const bottom = top + (box?.height ?? geometry.measure.rowHeight) + geometry.measure.caption;
    const room = innerHeight - headLine();
    look();
    if (top < at() + 8) jump(top - 8);
    else if (bottom > at() + room - 8) jump(bottom - room + 24);
  }, []);
  // Where a tile is was estimated until its page was loaded.
  const giveFocus = useFocus(element, key, (index) => { if (latest.current) reveal(latest.current.geometry, index); });
  const focusTile = useCallback((index: number): void => {
    const now = latest.current;
    if (!now || !element.current) return;
    setCurrent(index);
    reveal(now.geometry, index);
    giveFocus(index);
  }, []);

  useEffect(() => controller.attach({
    place: () => {
      look();
      return latest.current ? anchor.current : null;
    },
    scrolled: () => scrollY,
    focused: () => element.current?.contains(document.activeElement) ?? false,
    focus: (id) => {
      const now = latest.current;
      if (!now?.list.length) return;
      const at = id === undefined ? current : indexOfId(now.list, id);
      if (at >= 0) focusTile(standIn(now.list, Math.min(at, now.list.length - 1), open));
    },
    show: (index) => {
      if (!latest.current) return;
      // A part of the space above its heading stays above the screen, with the row before.
      jump(heightOf(latest.current.geometry, { index, shift: 8 - HEADING }));
      setCurrent(index);
      giveFocus(index);
    },
  }), [controller, current, open]);

  const onKeyDown = useCallback((event: TargetedKeyboardEvent<HTMLElement>, index: number): void => {
    const now = latest.current;
    if (!now || event.ctrlKey || event.metaKey || event.altKey) return;
    const direction = own(KEYS, event.key);
    if (direction) {
      event.preventDefault();
      focusTile(neighbour(now.geometry, now.list.length, index, direction, innerHeight - headLine()));
    } else if (event.key === "m" && controller.store.get().manifest?.vectors) {
      const place = placeAt(now.list, index);
      if (place) controller.moreLike(place.info.id);
    } else if (event.key === "g") {
      const place = placeAt(now.list, index);
      if (place && lookAlikes(now.list, index)) toggle(place.result.row);
    }
  }, [controller, focusTile, toggle]);
  const onFocus = useCallback((index: number) => setCurrent(index), []);

  if (!list) return null;
  const caption = geometry?.measure.caption ?? 0;
  const total = list.total ?? (list.exhausted ? list.length : -1);
  const drawn = current < list.length && !tiles.includes(current) && geometry && boxOf(geometry, current)
    ? [...tiles, current]
    : tiles;
  return (
    <>
      <ul ref={element} id="results" class={`grid ${gliding ? "gliding" : ""}`} role="list" aria-label="Results"
        data-stage={list.stage} data-key={list.key} style={{ height: `${String(geometry ? Math.ceil(scrolling.height) : 0)}px`, "--caption": `${String(caption)}px` }}>
        {past.length > 0 && from < LINE && <ThisDay key="this-day" days={past} shift={shift} />}
        {geometry && drawn.flatMap((index) => {
          const place = placeAt(list, index);
          const box = boxOf(geometry, index);
          // In the document, as on the screen, a heading stands before its first result.
          const heading = dated && headings.find(({ period }) => dated.starts[period] === index);
          return place && box ? [
            heading && <Period key={`period-${String(heading.period)}`} period={dated.periods[heading.period]!} left={heading.left} top={heading.top - shift} width={heading.width} height={HEADING} />,
            <Tile key={place.info.local ? `${place.info.id} ${String(version)}` : place.result.row} index={index} size={total} {...box} top={box.top - shift} caption={caption} result={place.result} info={place.info}
              current={index === current} chosen={selected.size ? selected.has(place.info.id) : null} onFocus={onFocus} onKeyDown={onKeyDown}
              others={lookAlikes(list, index)} spread={open.has(place.result.row)} onToggle={toggle} />,
          ] : [];
        })}
        {geometry?.sections.map((section) => section.divider !== null && (
          <li key="divider" class="divider" style={{ transform: `translateY(${String(section.top + section.divider - shift)}px)` }}>
            <span>Weaker matches</span>
          </li>
        ))}
        {geometry && missing.map((page) => {
          const section = geometry.sections[page]!;
          const state = list.pages[page];
          const top = Math.max(section.top, from);
          const height = Math.min(section.top + section.height, to) - top;
          return (
            <li key={`page-${String(page)}`} class={state?.status === "failed" ? "grid-failed" : "grid-waiting"}
              style={{ transform: `translateY(${String(top - shift)}px)`, height: `${String(Math.max(0, height))}px` }}>
              {state?.status === "failed" && (
                <div role="alert">
                  <p>{state.message}</p>
                  <Retry onClick={() => void controller.loadPage(page, true)} />
                </div>
              )}
            </li>
          );
        })}
      </ul>
      {geometry && <LongScrubber list={list} total={geometry.height} at={at} show={jump} covered={0} indexAt={(y) => anchorAt(geometry, y).index}
        heightAt={(index) => heightOf(geometry, { index, shift: dated?.starts.includes(index) ? -HEADING : 0 })} />}
    </>
  );
}
