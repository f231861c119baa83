/** The range filter of a number or a date. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import { useController, useStore } from "../context";
import { withFilter } from "../state/view";
import { amount, dayOf, secondsOf } from "../wording";
import { dateEdges, numberEdges, rangeOfBins } from "./bins";
import { Histogram } from "./histogram";
import { useContent } from "./use-content";
import { useHistogram } from "./use-counts";
import type { FieldDefinition } from "../../engine/types";

const DAY = 86_400;

export function Range({ field }: { field: FieldDefinition }): JSX.Element {
  const controller = useController();
  const view = useStore((state) => state.view);
  const { ref, value: span, failure } = useContent((collection) => collection.range(field.name), []);

  const dated = field.type === "date";
  const edges = useMemo(() => (span ? (dated ? dateEdges : numberEdges)(span.min, span.max) : null), [span]);
  const { value: counted } = useHistogram(field, ref, edges);
  const filter = view.filters.find((other) => other.field === field.name && other.kind === "range");
  const { min, max } = filter?.kind === "range" ? filter : {};
  const set = (side: "min" | "max", text: string): void => {
    const number = text.trim() === "" ? undefined : dated ? secondsOf(text) : Number(text);
    if (number !== undefined && !Number.isFinite(number)) return;
    // A day ends with its last second.
    const value = number !== undefined && dated && side === "max" ? number + DAY - 1 : number;
    const low = side === "min" ? value : min;
    const high = side === "max" ? value : max;
    const next = low === undefined && high === undefined ? null : {
      field: field.name, kind: "range" as const,
      ...(low === undefined ? {} : { min: low }), ...(high === undefined ? {} : { max: high }),
    };
    controller.go({ ...withFilter(view, field.name, "range", next), image: null });
  };
  // One value leaves nothing to choose.
  const single = span && span.min === span.max && !filter;
  const shown = (value: number | undefined): string => (value === undefined ? "" : dated ? dayOf(value) : String(value));
  return (
    <div ref={ref} class="range" role="group" aria-label={field.label}>
      {failure}
      {!single && edges && counted?.edges === edges && (
        <Histogram label={field.label} edges={edges} counted={counted.histogram} whole={dated || counted.histogram.whole} min={min} max={max}
          write={(edge) => (dated ? dayOf(edge) : amount(edge, field))}
          onChoose={(bins) => controller.go({
            ...withFilter(view, field.name, "range", bins && { field: field.name, kind: "range", ...rangeOfBins(edges, ...bins, dated || counted.histogram.whole) }),
            image: null,
          })} />
      )}
      {span === null && <p class="faint">No values</p>}
      {span !== null && !single && (["min", "max"] as const).map((side) => (
        <label key={side}>
          <span>{side === "min" ? "From" : "To"}</span>
          <Bound dated={dated} value={shown(side === "min" ? min : max)} hint={span && !dated ? amount(span[side]) : ""}
            from={span && dated ? dayOf(span.min) : undefined} to={span && dated ? dayOf(span.max) : undefined}
            onSet={(text) => set(side, text)} />
        </label>
      ))}
      {single && <p class="faint">The only value is {dated ? dayOf(span.min) : amount(span.min, field)}.</p>}
      {span && !single && <p class="faint range-span">{dated
        ? `${dayOf(span.min)} – ${dayOf(span.max)}`
        : `${amount(span.min, field)} – ${amount(span.max, field)}`}</p>}
    </div>
  );
}

interface BoundProps {
  dated: boolean;
  value: string;
  hint: string;
  from: string | undefined;
  to: string | undefined;
  onSet: (text: string) => void;
}

/** One end of a range. Unfinished input is kept here, so that redrawing does not lose it. */
function Bound({ dated, value, hint, from, to, onSet }: BoundProps): JSX.Element {
  const [draft, setDraft] = useState<string | null>(null);
  return (
    <input type={dated ? "date" : "number"} step="any" value={draft ?? value} placeholder={hint} min={from} max={to}
      onInput={(event) => setDraft(event.currentTarget.value)}
      onChange={(event) => {
        onSet(event.currentTarget.value);
        setDraft(null);
      }} />
  );
}
