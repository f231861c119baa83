/**
 * A handle beside a long list that leads to any place of it: dragged with mouse or finger, or moved with keys. It says where it leads: the month
 * of a list by date, else the value that the list is sorted by, and the number of the result. Years are marked beside it.
 */
import type { JSX, TargetedKeyboardEvent, TargetedPointerEvent } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { own } from "../../base/own";
import { useController, useStore } from "../context";
import { nounOf } from "../layout";
import { placeAt } from "../state/list";
import type { Dated } from "../timeline/dated";
import { count, plain } from "../wording";
import { headLine } from "./head-line";
import type { Scrub } from "./view";

/** The height of the handle and the space above and below its track, in CSS pixels; see scrubber.css. */
const [HANDLE, MARGIN] = [48, 8];
/** How long (ms) the handle stays visible after scrolling, and what it says after a key. */
const AWAKE_MS = 1400;
/** A value is loaded once the handle has been at its place for this long (ms). */
const LINGER_MS = 120;
/** How far arrow keys and page keys lead, as parts of the list. */
const [STEP, LEAP] = [0.01, 0.1];

interface Grip {
  /** Where the pointer holds the handle, below its top. */
  hold: number;
  fraction: number;
}

export function Scrubber(props: Scrub & { dated: Dated | null }): JSX.Element {
  const { list, total, at, show, covered, indexAt, heightAt, dated } = props;
  const controller = useController();
  const noun = useStore(({ manifest }) => nounOf(manifest));
  const [grip, setGrip] = useState<Grip | null>(null);
  /** The part of the list beside which the mouse is. */
  const [pointed, setPointed] = useState<number | null>(null);
  const [asked, ask] = useAwake();
  const [awake, wake] = useAwake();
  const frame = useRef(0);
  useEffect(() => {
    addEventListener("scroll", wake, { passive: true });
    return () => removeEventListener("scroll", wake);
  }, []);
  useEffect(() => () => cancelAnimationFrame(frame.current), []);

  const most = Math.max(1, total - (innerHeight - headLine() - covered));
  const fraction = grip?.fraction ?? Math.min(1, Math.max(0, at() / most));
  // The last place can be reached, although the list stops before it is at the top of the screen.
  const indexOf = (part: number): number => (part * most >= most - 1 ? list.length - 1 : Math.max(0, Math.min(list.length - 1, indexAt(part * most))));
  const index = indexOf(fraction);
  const known = useValue(props, index, dated === null && (grip !== null || asked));
  const value = dated ? dated.at(index) : known;
  const place = (of: number): string => `${count(of + 1)} of ${count(list.length)}`;

  const edge = headLine() + MARGIN;
  const room = Math.max(1, innerHeight - edge - MARGIN - HANDLE);
  const lead = (to: number): void => {
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => show(to * most));
  };
  const drag = ({ clientY }: { clientY: number }, hold: number): void => {
    const to = Math.min(1, Math.max(0, (clientY - edge - hold) / room));
    setGrip({ hold, fraction: to });
    lead(to);
  };
  const onPointerDown = (event: TargetedPointerEvent<HTMLElement>): void => {
    if (event.button !== 0) return;
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    const below = event.clientY - edge - fraction * room;
    // Beside the handle, the handle comes to the pointer.
    drag(event, below >= 0 && below <= HANDLE ? below : HANDLE / 2);
  };
  const release = (): void => {
    setGrip(null);
    ask();
    controller.remember();
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps: Record<string, number> = {
      ArrowDown: fraction + STEP, ArrowUp: fraction - STEP, ArrowRight: fraction + STEP, ArrowLeft: fraction - STEP,
      PageDown: fraction + LEAP, PageUp: fraction - LEAP, Home: 0, End: 1,
    };
    const to = own(steps, event.key);
    if (to === undefined) return;
    event.preventDefault();
    ask();
    show(Math.min(1, Math.max(0, to)) * most);
  };
  const point = (event: TargetedPointerEvent<HTMLElement>): void => {
    if (grip) drag(event, grip.hold);
    else if (event.pointerType === "mouse") setPointed(Math.min(1, Math.max(0, (event.clientY - edge - HANDLE / 2) / room)));
  };
  const pixels = (part: number): string => `${String(Math.round(part * room))}px`;
  const hovers = grip === null && !asked && pointed !== null && dated !== null;
  const says = grip !== null || asked || hovers;
  const said = hovers ? indexOf(pointed) : index;
  return (
    <div class={`scrubber ${awake || grip ? "awake" : ""} ${says ? "says" : ""}`} style={{ top: `${String(edge)}px` }} onPointerDown={onPointerDown}
      onPointerMove={point} onPointerLeave={() => setPointed(null)} onPointerUp={release} onPointerCancel={release}>
      {dated && <Years dated={dated} partOf={(place) => Math.min(1, Math.max(0, heightAt(place) / most))} total={total} room={room} />}
      <div class="scrubber-handle" role="slider" tabIndex={0} aria-label="Place in the results" aria-controls="results" aria-orientation="vertical"
        aria-valuemin={1} aria-valuemax={list.length} aria-valuenow={index + 1} aria-valuetext={`${value ? `${value}, ` : ""}${noun} ${place(index)}`}
        style={{ transform: `translateY(${pixels(fraction)})` }} onKeyDown={onKeyDown} />
      <div class="scrubber-bubble" aria-hidden="true" style={{ transform: `translateY(${pixels(hovers ? pointed : fraction)})` }}>
        {(hovers ? dated.at(said) : value) && <bdi class="scrubber-value">{hovers ? dated.at(said) : value}</bdi>}<span>{place(said)}</span>
      </div>
    </div>
  );
}

/** The least space between two marks, in CSS pixels. */
const APART = 26;

/** Marks beside the first results of years, as many as there is room for. */
function Years({ dated, partOf, total, room }: { dated: Dated; partOf: (place: number) => number; total: number; room: number }): JSX.Element {
  const marks = useMemo(() => {
    let last = -APART;
    return dated.years.flatMap(({ first, title }) => {
      const top = partOf(first) * room;
      if (top - last < APART) return [];
      last = top;
      return [{ title, top }];
    });
    // A list gets its headings after its pictures, and is higher then.
  }, [dated, total, room, Math.round(partOf(dated.total - 1) * 1000)]);
  return (
    <div class="scrubber-years" aria-hidden="true">
      {marks.map(({ title, top }) => <span key={title} style={{ transform: `translateY(${String(Math.round(top + HANDLE / 2))}px)` }}>{title}</span>)}
    </div>
  );
}

/** True for a moment after each call of the function. */
function useAwake(): [boolean, () => void] {
  const [awake, setAwake] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const wake = useRef((): void => {
    clearTimeout(timer.current);
    setAwake(true);
    timer.current = setTimeout(() => setAwake(false), AWAKE_MS);
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return [awake, wake.current];
}

/** What the results are sorted by, of the result at a place; null if that is not known (yet). */
function useValue({ list }: Scrub, index: number, wanted: boolean): string | null {
  const controller = useController();
  const sort = useStore(({ view }) => view.sort);
  const field = useStore(({ manifest }) => manifest?.fields.find(({ name }) => name === sort?.field) ?? null);
  const [found, setFound] = useState<{ row: number; field: string; text: string | null } | null>(null);
  const row = placeAt(list, index)?.info.row ?? null;
  useEffect(() => {
    if (!wanted || !field || row === null || (found?.row === row && found.field === field.name)) return;
    let current = true;
    const timer = setTimeout(() => {
      controller.document(row).then(({ fields }) => {
        const value = own(fields, field.name);
        if (current) setFound({ row, field: field.name, text: value === undefined ? `No ${field.label}` : plain(value, field) });
      }, () => undefined);
    }, controller.documents.now(row) ? 0 : LINGER_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [wanted, field, row]);
  return field && found?.field === field.name && found.row === row ? found.text : null;
}
