/** Follows the page as it scrolls through a list, which may be taller than browsers draw. */
import type { RefObject } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { useController } from "../../context";
import { headLine } from "../head-line";
import { drawnHeight, scrolledTo, toDrawn, type Rows } from "./geometry";

/** Milliseconds without scrolling after which the position is stored, and the page put where it belongs. */
const PAUSE_MS = 180;
/** How far beyond the screen rows are drawn, in screen heights. */
const OVERSCAN = 0.6;

export interface Scrolling {
  /** The part of the list to draw, as heights in the list. */
  from: number;
  to: number;
  /** What to subtract from a height in the list to get the height at which it is drawn. */
  shift: number;
  /** The height in the list at the upper edge of the free screen. */
  at: () => number;
  /** Shows a height of the list at the upper edge of the free screen. */
  show: (y: number) => void;
  look: () => void;
}

/** @param covered how much of the free screen a heading of the list covers (CSS pixels) */
export function useScrolling(element: RefObject<HTMLElement | null>, rows: Rows | null, covered = 0): Scrolling {
  const controller = useController();
  const last = useRef({ drawn: 0, y: 0 });
  const total = useRef(0);
  total.current = rows?.total ?? 0;
  const [span, setSpan] = useState({ from: 0, to: 1500, shift: 0 });

  const drawnNow = useCallback((): number => headLine() + covered - (element.current?.getBoundingClientRect().top ?? 0), [covered]);
  const draw = useCallback((): void => {
    const { drawn, y } = last.current;
    const step = 100;
    const over = innerHeight * OVERSCAN;
    const from = Math.floor((y - over) / step) * step;
    const to = Math.ceil((y + innerHeight + over) / step) * step;
    const shift = Math.round(y - drawn);
    setSpan((old) => (old.from === from && old.to === to && old.shift === shift ? old : { from, to, shift }));
  }, []);
  const look = useCallback((): void => {
    const drawn = drawnNow();
    last.current = { drawn, y: scrolledTo(drawn, last.current, total.current, innerHeight) };
    draw();
  }, [drawnNow]);
  const show = useCallback((y: number): void => {
    const drawn = toDrawn(y, total.current);
    const moved = drawn - drawnNow();
    if (Math.abs(moved) > 0.5) scrollBy({ top: moved, behavior: "instant" });
    const reached = drawnNow();
    // The page may end before.
    last.current = { drawn: reached, y: total.current > drawnHeight(total.current) ? y : reached };
    draw();
  }, [drawnNow]);

  useEffect(() => {
    let frame = 0;
    let pause: ReturnType<typeof setTimeout> | undefined;
    const scroll = (): void => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        look();
      });
      clearTimeout(pause);
      pause = setTimeout(() => {
        // After small steps the page is not where the scroll bar should be.
        if (total.current > drawnHeight(total.current) && Math.abs(toDrawn(last.current.y, total.current) - last.current.drawn) > 1) show(last.current.y);
        controller.remember();
      }, PAUSE_MS);
    };
    addEventListener("scroll", scroll, { passive: true });
    addEventListener("resize", scroll, { passive: true });
    return () => {
      removeEventListener("scroll", scroll);
      removeEventListener("resize", scroll);
      cancelAnimationFrame(frame);
      clearTimeout(pause);
    };
  }, [look, show]);
  return { ...span, at: () => last.current.y, show, look };
}
