/** One field of the collection: how many rows have it, and its values. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { messageOf } from "../../base/errors";
import { useController } from "../context";
import { nounOf } from "../layout";
import { opener } from "../parts/opening";
import { formatView, HOME, type View } from "../state/view";
import { amount, bytes, count, date, shownValue } from "../wording";
import { isPlotted, SHOWN, SHOWN_MORE, type Counting, type Known } from "./counting";
import { PlotBars } from "./plot-bars";
import type { FieldDefinition, FieldStats, Manifest } from "../../engine/types";

const TYPES: Record<FieldDefinition["type"], string> = {
  text: "text", tags: "tags", category: "category", number: "number", date: "date", boolean: "yes or no", url: "link",
};
/** A stored number or date before compression. */
const VALUE_BYTES = 8;

interface Props {
  field: FieldDefinition;
  manifest: Manifest;
  stats: Known | undefined;
  counting: Counting;
}

/** Whether a field has values to list: it gets a card. The others are lines of a table. */
export function isListed({ column }: FieldDefinition): boolean {
  return column;
}

export function Field({ field, manifest, stats, counting }: Props): JSX.Element {
  const listed = field.type === "boolean" ? 2 : SHOWN;
  const plotted = isPlotted(field);
  return (
    <li class="data-field">
      <h3>{field.label}</h3>
      <p class="faint"><code>{field.name}</code> · {TYPES[field.type]}{field.unit ? ` in ${field.unit}` : ""}</p>
      <dl>
        <div><dt>With a value</dt><dd>{stats ? count(stats.rows ?? 0) : "…"}</dd></div>
        <div><dt>Missing</dt><dd>{stats ? <Missing missing={stats.missing ?? 0} all={manifest.collection.count} /> : "…"}</dd></div>
        {plotted
          ? <div><dt>Range</dt><dd>{stats ? <Range stats={stats} field={field} /> : "…"}</dd></div>
          : <div><dt>Different</dt><dd>{stats ? count(stats.distinct ?? 0) : "…"}</dd></div>}
      </dl>
      <div class="data-values" style={{ "--lines": listed }}>
        {!stats ? null : !plotted ? <Values stats={stats} field={field} manifest={manifest} />
          : stats.plot ? <PlotBars plot={stats.plot} field={field} manifest={manifest} />
            : stats.plot === undefined && stats.rows !== 0 && <Ask field={field} manifest={manifest} counting={counting} />}
      </div>
      {!plotted && stats && stats.values.length === SHOWN && (stats.distinct ?? 0) > SHOWN && <More field={field} distinct={stats.distinct ?? 0} counting={counting} />}
    </li>
  );
}

/** A text or a link: a line of the table. */
export function Line({ field, manifest, stats }: Omit<Props, "counting">): JSX.Element {
  const open = field.column ? "…" : <span class="faint">not counted</span>;
  return (
    <tr>
      <th scope="row">{field.label} <span class="faint"><code>{field.name}</code></span></th>
      <td>{TYPES[field.type]}</td>
      <td class="number">{stats ? count(stats.rows ?? 0) : open}</td>
      <td class="number">{stats ? <Missing missing={stats.missing ?? 0} all={manifest.collection.count} /> : field.column && open}</td>
    </tr>
  );
}

function Missing({ missing, all }: { missing: number; all: number }): JSX.Element {
  const share = all ? (100 * missing) / all : 0;
  const shown = missing && share < 0.1 ? "under 0.1" : share > 99.9 && missing < all ? "over 99.9" : String(Math.round(share * 10) / 10);
  return <>{count(missing)}{missing > 0 && <span class="faint"> ({shown} %)</span>}</>;
}

function Range({ stats: { min, max }, field }: { stats: FieldStats; field: FieldDefinition }): JSX.Element {
  if (min === null || max === null) return <span class="faint">no values</span>;
  // Whole years, as of a field that knows no days.
  const digits = String(min).startsWith("01-01", 5) && String(max).startsWith("12-31", 5) ? 4 : 10;
  const show = (value: number | string): string => (typeof value === "string" ? date(value.slice(0, digits)) : amount(value, field));
  return <>{min === max ? show(min) : `${show(min)} – ${show(max)}`}</>;
}

function viewOf(field: FieldDefinition, value: string): View {
  return { ...HOME, filters: [{ field: field.name, kind: "any", values: [value] }] };
}

/** The most frequent values, each with a bar for its share of the rows. */
function Values({ stats, field, manifest }: Pick<Props, "field" | "manifest"> & { stats: FieldStats }): JSX.Element {
  const controller = useController();
  const all = Math.max(1, manifest.collection.count);
  return (
    <ol aria-label={`Most frequent values of ${field.label}`}>
      {stats.values.map(({ value, count: number }) => {
        const view = viewOf(field, value);
        return (
          <li key={value}>
            <span class="data-bar-fill" aria-hidden="true" style={{ inlineSize: `${String(Math.max(0.5, (100 * number) / all))}%` }} />
            <a href={formatView(view)} onClick={opener(() => controller.go(view))} title={`Show these ${nounOf(manifest)}s`}><bdi>{shownValue(value, field)}</bdi></a>
            <span class="data-number">{count(number)}</span>
          </li>
        );
      })}
    </ol>
  );
}

/** Something that is counted on request. */
function useAsked(name: string, counting: Counting): { state: "asked" | "counting" | { failure: string }; start: () => void } {
  const [state, setState] = useState<"asked" | "counting" | { failure: string }>("asked");
  return {
    state,
    start: () => {
      setState("counting");
      counting.count(name).catch((error: unknown) => setState({ failure: messageOf(error) }));
    },
  };
}

/** Counting is not done unasked if it costs megabytes. */
function Ask({ field, manifest, counting }: Pick<Props, "field" | "manifest" | "counting">): JSX.Element {
  const { state, start } = useAsked(field.name, counting);
  return (
    <div class="data-ask">
      <p class="faint">A plot loads the values of all {nounOf(manifest)}s: up to {bytes(manifest.collection.count * VALUE_BYTES)}.</p>
      {typeof state === "object" && <p class="data-bad" role="alert">{state.failure}</p>}
      <button type="button" class="button small" disabled={state === "counting"} onClick={start}>
        {state === "counting" ? <><span class="spinner" aria-hidden="true" />Counting</> : typeof state === "object" ? "Retry" : "Plot the values"}
      </button>
    </div>
  );
}

/** More of the most frequent values. */
function More({ field, distinct, counting }: { field: FieldDefinition; distinct: number; counting: Counting }): JSX.Element {
  const { state, start } = useAsked(field.name, counting);
  return (
    <p class="data-more">
      {typeof state === "object" && <span class="data-bad" role="alert">{state.failure} </span>}
      <button type="button" class="text-button" disabled={state === "counting"} onClick={start}>
        {distinct <= SHOWN_MORE ? `Show all ${count(distinct)}` : `Show the first ${count(SHOWN_MORE)} of ${count(distinct)}`}
        <span class="visually-hidden"> values of {field.label}</span>
      </button>
    </p>
  );
}
