/** Follows the page as it scrolls through results, which may be taller than browsers draw. For every way to show them. */
import type { RefObject } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { useController } from "../context";
import { screenHeight } from "../screen";
import { headLine } from "./head-line";
import { drawnHeight, isBetween, scrolledTo, tallestAt, toDrawn, type Scale } from "./scroll-scale";

/** Milliseconds without scrolling after which the position is stored, and the page put where it belongs. */
const PAUSE_MS = 180;
/** The part to draw changes in such steps, so that not every pixel of scrolling causes a redraw. */
const STEP = 80;

export interface Scrolling {
  /** The part of the list to draw, as heights in the list. */
  from: number;
  to: number;
  /** What to subtract from a height in the list to get the height at which it is drawn. */
  shift: number;
  /** How tall the list is drawn. */
  height: number;
  /** The height in the list at the upper edge of the free screen; below 0 while the page shows what is above the list. */
  at: () => number;
  /** Shows a height of the list at the upper edge of the free screen. */
  show: (y: number) => void;
  /** The same after the list has changed above: does not stop a page that is being scrolled, if that is possible. */
  keep: (y: number) => void;
  /** Shows the top of the page. */
  showTop: () => void;
  look: () => void;
  /** Whether the person has scrolled since the page was last put somewhere. */
  scrolled: () => boolean;
}

export interface ScrollingOptions {
  /** How far beyond the screen results are drawn, in screen heights. */
  over: number;
  /** How much of the free screen a heading of the list covers (CSS pixels). */
  covered?: number;
  onScroll?: () => void;
}

/** @param total the height of the list; null if there is none yet */
export function useScrolling(element: RefObject<HTMLElement | null>, total: number | null, { over, covered = 0, onScroll }: ScrollingOptions): Scrolling {
  const controller = useController();
  const last = useRef({ drawn: 0, y: 0 });
  /** Where the page was put last; −1 once the person has scrolled. */
  const placed = useRef(-1);
  const scale = useRef<Scale>({ total: 0, tallest: 0 });
  const listener = useRef(onScroll);
  listener.current = onScroll;
  const [span, setSpan] = useState({ from: 0, to: 2000, shift: 0, height: 0 });

  const drawnNow = useCallback((): number => headLine() + covered - (element.current?.getBoundingClientRect().top ?? 0), [covered]);
  const read = useCallback((): void => {
    const drawn = drawnNow();
    last.current = { drawn, y: scrolledTo(drawn, last.current, scale.current, innerHeight) };
  }, [drawnNow]);
  // Where the page is in the list as it was: there may be no frame between scrolling and now.
  if (scale.current.total && scale.current.total !== total && element.current) read();
  scale.current = { total: total ?? 0, tallest: tallestAt(devicePixelRatio) };
  const draw = useCallback((): void => {
    const { drawn, y } = last.current;
    const beyond = screenHeight() * over;
    // The free screen begins below what covers the upper part of the screen.
    const top = y - headLine() - covered;
    const from = Math.floor((top - beyond) / STEP) * STEP;
    const to = Math.ceil((top + screenHeight() + beyond) / STEP) * STEP;
    const shift = Math.round(y - drawn);
    const height = drawnHeight(scale.current);
    setSpan((old) => (old.from === from && old.to === to && old.shift === shift && old.height === height ? old : { from, to, shift, height }));
  }, [over, covered]);
  const look = useCallback((): void => {
    if (!element.current) return;
    read();
    draw();
  }, [read, draw]);
  const show = useCallback((y: number): void => {
    const drawn = toDrawn(y, scale.current);
    const moved = drawn - drawnNow();
    if (Math.abs(moved) > 0.5) scrollBy({ top: moved, behavior: "instant" });
    placed.current = scrollY;
    // The page may end before, and scrolls by whole pixels of the device.
    const reached = drawnNow();
    last.current = { drawn: reached, y: y + reached - drawn };
    draw();
  }, [drawnNow, draw]);
  const keep = useCallback((y: number): void => {
    const drawn = drawnNow();
    if (!isBetween(drawn, scale.current)) return show(y);
    last.current = { drawn, y };
    draw();
  }, [drawnNow, draw, show]);
  const showTop = useCallback((): void => {
    if (scrollY > 0) scrollTo({ top: 0, behavior: "instant" });
    placed.current = scrollY;
  }, []);
  const scrolled = useCallback((): boolean => {
    if (Math.abs(scrollY - placed.current) > 2) placed.current = -1;
    return placed.current < 0;
  }, []);

  useEffect(() => {
    let frame = 0;
    let pause: ReturnType<typeof setTimeout> | undefined;
    const scroll = (): void => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        look();
        listener.current?.();
      });
      clearTimeout(pause);
      pause = setTimeout(() => {
        const { drawn, y } = last.current;
        // After small steps the page is not where the scroll bar should be.
        if (scale.current.total > scale.current.tallest && Math.abs(toDrawn(y, scale.current) - drawn) > 1) show(y);
        controller.remember();
      }, PAUSE_MS);
    };
    const resize = (): void => {
      scale.current = { ...scale.current, tallest: tallestAt(devicePixelRatio) };
      scroll();
    };
    addEventListener("scroll", scroll, { passive: true });
    addEventListener("resize", resize, { passive: true });
    return () => {
      removeEventListener("scroll", scroll);
      removeEventListener("resize", resize);
      cancelAnimationFrame(frame);
      clearTimeout(pause);
    };
  }, [look, show]);
  const at = useCallback(() => last.current.y, []);
  return { ...span, height: drawnHeight(scale.current), at, show, keep, showTop, look, scrolled };
}
