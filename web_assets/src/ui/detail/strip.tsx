/** The film strip: the pictures before and after the open one, small, in the order of the results. */
import type { JSX, TargetedEvent, TargetedKeyboardEvent } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { useController } from "../context";
import { useMedia, useWidth } from "../parts/hooks";
import { memo } from "../parts/memo";
import { opener } from "../parts/opening";
import { Placeholder } from "../parts/placeholder";
import { adopt } from "../parts/sheet";
import { useThumbnail } from "../parts/use-thumbnail";
import { placeAt, type List } from "../state/list";
import { formatView } from "../state/view";
import { count } from "../wording";
import sheet from "./strip.css?inline";
import { CELL, drawnOf, lengthOf, middleOf, reachOf, type Span } from "./strip-window";
import type { RowInfo } from "../../engine/types";

/** Screens that have room for it; `detail.css` keeps its place by the same rule. */
const ROOM = "(min-height: 561px)";
const CALM = "(prefers-reduced-motion: reduce)";

interface Props {
  list: List;
  position: number;
}

export function Strip(props: Props): JSX.Element | null {
  adopt(sheet);
  return useMedia(ROOM) && props.list.length > 1 ? <Film {...props} /> : null;
}

function Film({ list, position }: Props): JSX.Element {
  const controller = useController();
  const scroller = useRef<HTMLElement>(null);
  const width = useWidth(scroller, true);
  const kept = useRef<Span | null>(null);
  const reach = kept.current = reachOf(kept.current, position, list.length);
  /** Where it is scrolled to, and the first place it reached then; null until it is. */
  const [scrolled, setScrolled] = useState<{ left: number; from: number } | null>(null);
  const drawn = drawnOf(reach, scrolled ? scrolled.left + (scrolled.from - reach.first) * CELL : middleOf(position, reach, width), width);
  const length = lengthOf(reach);
  const shownFrom = useRef<number | null>(null);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || !width) return;
    const from = shownFrom.current;
    shownFrom.current = reach.first;
    // The same pictures stay where they are in a strip that begins elsewhere.
    if (from !== null && from !== reach.first) element.scrollLeft += (from - reach.first) * CELL;
    const left = middleOf(position, reach, width);
    const near = from !== null && Math.abs(left - element.scrollLeft) < 2 * width;
    element.scrollTo({ left, behavior: near && !matchMedia(CALM).matches ? "smooth" : "instant" });
  }, [position, reach.first, width]);
  useEffect(() => {
    if (!width) return;
    for (let page = Math.floor(drawn.first / list.page); page * list.page < drawn.end; page++) void controller.loadPage(page);
  }, [drawn.first, drawn.end, width, list]);
  useEffect(() => {
    // A wheel that only turns one way moves the strip, too.
    const element = scroller.current;
    const wheel = (event: WheelEvent): void => {
      if (event.ctrlKey || event.deltaX || !element) return;
      event.preventDefault();
      element.scrollLeft += event.deltaY;
    };
    element?.addEventListener("wheel", wheel, { passive: false });
    return () => element?.removeEventListener("wheel", wheel);
  }, []);
  // The focus goes with the open picture.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element?.contains(document.activeElement)) element.querySelector<HTMLElement>("[aria-current]")?.focus({ preventScroll: true });
  }, [position]);
  const keys = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    // These show the next picture instead of scrolling.
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") event.preventDefault();
  };
  // The open one is always among them, because the Tab key leads to it.
  const places = width ? Array.from({ length: Math.max(0, drawn.end - drawn.first) }, (_, i) => drawn.first + i) : [];
  if (position < drawn.first || position >= drawn.end) places.push(position);
  return (
    <nav ref={scroller} class="strip" aria-label="Pictures before and after" onKeyDown={keys}
      onScroll={({ currentTarget: { scrollLeft } }: TargetedEvent<HTMLElement>) => setScrolled({ left: Math.round(scrollLeft / CELL) * CELL, from: reach.first })}>
      <ul style={{ width: `${String(length)}px` }}>
        {places.map((place) => (
          <Frame key={place} place={place} left={(place - reach.first) * CELL} info={placeAt(list, place)?.info ?? null}
            size={list.exhausted ? list.length : null} current={place === position} />
        ))}
      </ul>
    </nav>
  );
}

interface FrameProps {
  place: number;
  left: number;
  /** null until its page of results is loaded. */
  info: RowInfo | null;
  size: number | null;
  current: boolean;
}

const Frame = memo(function Frame({ place, left, info, size, current }: FrameProps): JSX.Element {
  const controller = useController();
  const { url } = useThumbnail(info?.thumbnail ?? null);
  return (
    <li style={{ transform: `translateX(${String(left)}px)` }}>
      {info && (
        <a href={formatView({ ...controller.store.get().view, image: info.id, pictures: [] })} tabIndex={current ? 0 : -1} {...(current ? { "aria-current": "true" } : {})}
          aria-label={`Picture ${count(place + 1)}${size === null ? "" : ` of ${count(size)}`}`} draggable={false} onClick={opener(() => { if (!current) controller.openImage(info.id); })}>
          <Placeholder hash={info.placeholder} covered={url !== null} />
          {url && <img src={url} alt="" draggable={false} decoding="async" />}
        </a>
      )}
    </li>
  );
});
