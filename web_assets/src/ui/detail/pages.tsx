/** The pages of an object that has several: a strip of thumbnails, and the way to the next one. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { useController } from "../context";
import { LeftIcon, RightIcon } from "../parts/icons";
import { opener } from "../parts/opening";
import { Placeholder } from "../parts/placeholder";
import { adopt } from "../parts/sheet";
import { useThumbnail } from "../parts/use-thumbnail";
import { formatView, HOME } from "../state/view";
import { count } from "../wording";
import sheet from "./pages.css?inline";
import type { RowInfo } from "../../engine/types";

/** The width of a page with the space after it, in CSS pixels; pages.css has the same. */
const STEP = 72;
/** How many pages beyond the visible ones are drawn. */
const BEYOND = 4;

export function Pages({ rows, row }: { rows: readonly number[]; row: number }): JSX.Element {
  adopt(sheet);
  const controller = useController();
  const strip = useRef<HTMLOListElement>(null);
  const known = useRef(new Map<number, RowInfo>());
  const [, redraw] = useState(0);
  const [seen, setSeen] = useState({ from: 0, to: 0 });
  const place = rows.indexOf(row);
  const look = (): void => {
    const { scrollLeft = 0, clientWidth = 0 } = strip.current ?? {};
    const [from, to] = [Math.max(0, Math.floor(scrollLeft / STEP) - BEYOND), Math.min(rows.length, Math.ceil((scrollLeft + clientWidth) / STEP) + BEYOND)];
    setSeen((old) => (old.from === from && old.to === to ? old : { from, to }));
  };
  useLayoutEffect(() => {
    const { current } = strip;
    // The open page is in the middle.
    if (current) current.scrollLeft = (place + 0.5) * STEP - current.clientWidth / 2;
    look();
  }, [rows, place]);
  useEffect(() => {
    const observer = new ResizeObserver(look);
    if (strip.current) observer.observe(strip.current);
    return () => observer.disconnect();
  }, [rows]);
  useEffect(() => {
    const missing = rows.slice(seen.from, seen.to).filter((one) => !known.current.has(one));
    if (!missing.length) return;
    let current = true;
    controller.collection?.rows(missing).then((infos) => {
      for (const info of infos) known.current.set(info.row, info);
      if (current) redraw((n) => n + 1);
    }, () => undefined);
    return () => { current = false; };
  }, [rows, seen.from, seen.to]);
  /** The page that was asked for last, which may not be open yet. */
  const asked = useRef(place);
  useEffect(() => { asked.current = place; }, [rows, place]);
  const turn = (by: 1 | -1): void => {
    const next = rows[asked.current + by];
    if (next === undefined) return;
    asked.current += by;
    const info = known.current.get(next);
    if (info) controller.openImage(info.id);
    else controller.collection?.rows([next]).then(([found]) => { if (found) controller.openImage(found.id); }, () => {
      asked.current = place;
      controller.say("This page could not be loaded");
    });
  };
  const latest = useRef(turn);
  latest.current = turn;
  useLayoutEffect(() => {
    const key = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || (event.key !== "PageUp" && event.key !== "PageDown")) return;
      // The text beside the picture scrolls with these keys.
      if (event.target instanceof Element && event.target.closest(".pages, .detail-info, input, textarea, select")?.matches(":not(.pages)")) return;
      event.preventDefault();
      latest.current(event.key === "PageUp" ? -1 : 1);
    };
    document.addEventListener("keydown", key);
    return () => document.removeEventListener("keydown", key);
  }, []);
  const shown = Array.from({ length: Math.max(0, seen.to - seen.from) }, (_, i) => seen.from + i);
  return (
    <section class="pages" aria-label="Pages of this object">
      <div class="pages-line">
        <h3 aria-live="polite">Page {count(place + 1)} of {count(rows.length)}</h3>
        <button type="button" class="icon-button" aria-label="Previous page" aria-keyshortcuts="PageUp" title="Previous page (Page Up)" disabled={place <= 0} onClick={() => turn(-1)}><LeftIcon /></button>
        <button type="button" class="icon-button" aria-label="Next page" aria-keyshortcuts="PageDown" title="Next page (Page Down)" disabled={place + 1 >= rows.length} onClick={() => turn(1)}><RightIcon /></button>
      </div>
      <ol ref={strip} class="pages-strip" onScroll={look}>
        {/* As wide as all pages, of which only those in view are drawn. */}
        <li class="pages-room" aria-hidden="true" style={{ width: `${String(rows.length * STEP - 6)}px` }} />
        {shown.map((at) => <Page key={rows[at]!} at={at} of={rows.length} info={known.current.get(rows[at]!) ?? null} current={at === place} />)}
      </ol>
    </section>
  );
}

function Page({ at, of, info, current }: { at: number; of: number; info: RowInfo | null; current: boolean }): JSX.Element {
  const controller = useController();
  const { url } = useThumbnail(info?.thumbnail ?? null);
  return (
    <li style={{ left: `${String(at * STEP)}px` }} aria-setsize={of} aria-posinset={at + 1}>
      {info && (
        <a href={formatView({ ...HOME, image: info.id })} aria-label={`Page ${count(at + 1)} of ${count(of)}`} aria-current={current ? "page" : undefined}
          onClick={opener(() => controller.openImage(info.id))}>
          <Placeholder hash={info.placeholder} covered={url !== null} />
          {url && <img src={url} alt="" draggable={false} />}
          <span class="pages-number" aria-hidden="true">{count(at + 1)}</span>
        </a>
      )}
    </li>
  );
}
