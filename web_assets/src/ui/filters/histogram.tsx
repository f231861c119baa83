/** The values of a number or a date as bars. A range is chosen with two sliders, or by drawing over the bars. */
import type { JSX, TargetedPointerEvent } from "preact";
import { useState } from "preact/hooks";

import { count } from "../wording";
import { binsOf } from "./bins";
import type { Histogram as Counted } from "../../engine/types";

interface Props {
  label: string;
  edges: readonly number[];
  counted: Counted;
  /** Whether all values are whole numbers. */
  whole: boolean;
  min: number | undefined;
  max: number | undefined;
  /** An edge in words. */
  write: (edge: number) => string;
  /** The bins `from … to` are chosen; null: all of them. */
  onChoose: (bins: [number, number] | null) => void;
}

export function Histogram({ label, edges, counted, whole, min, max, write, onChoose }: Props): JSX.Element {
  const last = edges.length - 2;
  const [draft, setDraft] = useState<[number, number] | null>(null);
  const [start, setStart] = useState<number | null>(null);
  const active = min !== undefined || max !== undefined;
  const [from, to] = draft ?? (active ? binsOf(edges, whole, min, max) ?? [0, last] : [0, last]);
  const most = Math.max(1, ...counted.counts);
  const sum = counted.counts.slice(from, to + 1).reduce((one, other) => one + other, 0);

  const commit = (bins: [number, number]): void => {
    setDraft(null);
    setStart(null);
    onChoose(bins[0] === 0 && bins[1] === last ? null : bins);
  };
  const binAt = (event: TargetedPointerEvent<HTMLElement>): number => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return Math.min(last, Math.max(0, Math.floor(((event.clientX - left) / width) * (last + 1))));
  };
  const onPointerDown = (event: TargetedPointerEvent<HTMLElement>): void => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const bin = binAt(event);
    setStart(bin);
    setDraft([bin, bin]);
  };
  const onPointerMove = (event: TargetedPointerEvent<HTMLElement>): void => {
    if (start === null) return;
    const bin = binAt(event);
    setDraft([Math.min(start, bin), Math.max(start, bin)]);
  };
  const cancel = (): void => {
    setDraft(null);
    setStart(null);
  };
  const slider = (side: "from" | "to", value: number, make: (bin: number) => [number, number]): JSX.Element => (
    <input type="range" class="histogram-slider" min={0} max={last} step={1} value={value} aria-label={`${label}, ${side}`}
      aria-valuetext={`${side} ${write(edges[side === "from" ? value : value + 1]!)}`}
      onInput={(event) => setDraft(make(Number(event.currentTarget.value)))}
      onChange={(event) => commit(make(Number(event.currentTarget.value)))} />
  );
  return (
    <div class="histogram">
      <div class="histogram-bars" aria-hidden="true" onPointerDown={onPointerDown} onPointerMove={onPointerMove}
        onPointerUp={() => { if (draft) commit(draft); }} onPointerCancel={cancel}>
        {counted.counts.map((rows, bin) => (
          <span key={bin} class={bin >= from && bin <= to ? "in" : ""} title={`${write(edges[bin]!)} – ${write(edges[bin + 1]!)}: ${counted.about ? "about " : ""}${count(rows)}`}>
            <i style={{ height: `${rows ? Math.max(4, (100 * rows) / most).toFixed(1) : "0"}%` }} />
          </span>
        ))}
      </div>
      {last > 0 && (
        <div class="histogram-sliders">
          {slider("from", from, (bin) => [Math.min(bin, to), to])}
          {slider("to", to, (bin) => [from, Math.max(bin, from)])}
        </div>
      )}
      {draft && <p class="faint histogram-says">{write(edges[from]!)} – {write(edges[to + 1]!)}: {counted.about ? "about " : ""}{count(sum)}</p>}
    </div>
  );
}
