/** The line between search box and results: number of results, order and active filters. */
import type { JSX, TargetedEvent } from "preact";

import { topicOf } from "../../base/map";
import { visible } from "../../base/visible";
import { useController, useStore } from "../context";
import { CloseIcon, FilterIcon, PagesIcon } from "../parts/icons";
import { useLate, useLoaded } from "../parts/hooks";
import { nounOf } from "../layout";
import { useFilters } from "../filters/open";
import { LayoutSwitch, useLayouts } from "../results/results";
import { counted, loading, range, shownValue, summary } from "../wording";
import { foldsPages, placeAt } from "../state/list";
import { placesOf } from "../state/reducer";
import { CalendarButton } from "../timeline/calendar-button";
import { dateOrder } from "../timeline/use-dated";
import { isRanked, searchKey, withoutCondition, type View } from "../state/view";
import { Modes } from "./modes";
import { ViewButton } from "./view-button";
import type { FieldDefinition, Filter, Sort } from "../../engine/types";

export function Toolbar(): JSX.Element {
  const { open, able, toggle } = useFilters();
  const view = useStore((state) => state.view);
  const fields = useStore((state) => state.manifest?.fields);
  const number = view.filters.reduce((sum, filter) => sum + (filter.kind === "range" || filter.kind === "ids" || filter.kind === "area" ? 1 : filter.values.length), 0);
  return (
    <div class={`toolbar ${isRanked(view) ? "" : "browsing"}`}>
      <Modes />
      <Summary />
      <div class="toolbar-end">
        <LayoutSwitch />
        <ViewButton />
        <AllPages view={view} />
        <SortMenu view={view} fields={fields ?? []} />
        <CalendarButton />
        {able && (
          <button type="button" class="button quiet" aria-expanded={open} aria-controls="filters" onClick={toggle}>
            <FilterIcon /><span class="label">Filters</span>{number > 0 && (
              <><span class="badge" aria-hidden="true">{number}</span><span class="visually-hidden">, {number} active</span></>
            )}
          </button>
        )}
      </div>
    </div>
  );
}

function Summary(): JSX.Element {
  const view = useStore((state) => state.view);
  const list = useStore((state) => state.list);
  const pending = useStore((state) => state.pending);
  const failure = useStore((state) => state.searchFailure);
  const progress = useStore((state) => state.progress);
  const refined = useStore((state) => state.refined);
  const all = useStore(placesOf);
  const noun = useStore((state) => nounOf(state.manifest));
  const folded = useStore((state) => foldsPages(state.view, state.manifest));
  const controller = useController();
  const late = useLate(pending?.since ?? null, 300);
  const fits = list?.key === searchKey(view);
  const busy = late ? loading(progress) ?? "Searching" : null;
  return (
    <div class={`summary ${isRanked(view) ? "ranked" : ""}`} data-stage={pending ? "searching" : fits ? list.stage : "none"}>
      <p role="status">
        {failure ? "" : fits ? <span>{summary(view, list, all, noun, folded ? "object" : noun)}</span> : busy ? "" : <span class="faint">Searching…</span>}
      </p>
      {busy && <p class="busy"><span class="spinner" aria-hidden="true" />{busy}{fits && list.stage === "words" ? ", then refined by meaning" : ""}</p>}
      {/* Behind an open picture it would only move the results. */}
      {refined && view.image === null && (
        <button type="button" class="button small accent" onClick={() => {
          controller.acceptRefined();
          scrollTo({ top: 0, behavior: "instant" });
          // This button goes away, and with it the focus.
          const first = placeAt(refined, 0)?.info.id;
          setTimeout(() => { controller.results.focus(first); }, 0);
        }}>
          Show better matches
        </button>
      )}
    </div>
  );
}

/** Makes every page of an object a result; shown if the collection has objects with several pages. */
function AllPages({ view }: { view: View }): JSX.Element | null {
  const controller = useController();
  const able = useStore((state) => state.manifest?.objects !== undefined);
  const { layout } = useLayouts();
  if (!able || layout === "map") return null;
  return (
    <button type="button" class="button quiet grouping" aria-pressed={view.allPages} title="Show every page of an object, not only the best one"
      onClick={() => controller.go({ ...view, allPages: !view.allPages, image: null })}>
      <PagesIcon /><span class="label">All pages</span>
    </button>
  );
}

function SortMenu({ view, fields }: { view: View; fields: FieldDefinition[] }): JSX.Element | null {
  const controller = useController();
  const sortable = fields.filter((field) => field.column && (field.type === "number" || field.type === "date"));
  if (!sortable.length) return null;
  const change = (event: TargetedEvent<HTMLSelectElement>): void => {
    const { value } = event.currentTarget;
    const falling = value.startsWith("-");
    const sort: Sort | null = value ? { field: falling ? value.slice(1) : value, direction: falling ? "descending" : "ascending" } : null;
    controller.go({ ...controller.store.get().view, sort, image: null });
  };
  const chosen = view.sort ? (view.sort.direction === "descending" ? "-" : "") + view.sort.field : "";
  return (
    <label class="sort">
      <span class="visually-hidden">Sort by</span>
      <select value={chosen} onChange={change}>
        <option value="">{isRanked(view) ? "Best first" : dateOrder({ ...view, sort: null }, { fields }) ? "Newest first" : "Default order"}</option>
        {sortable.map((field) => (
          <optgroup key={field.name} label={field.label}>
            <option value={`-${field.name}`}>{field.label}: {field.type === "date" ? "newest first" : "highest first"}</option>
            <option value={field.name}>{field.label}: {field.type === "date" ? "oldest first" : "lowest first"}</option>
          </optgroup>
        ))}
      </select>
    </label>
  );
}

/** The active filters, each with a button to remove it. */
export function Chips(): JSX.Element | null {
  const controller = useController();
  const view = useStore((state) => state.view);
  const fields = useStore((state) => state.manifest?.fields ?? null);
  if (!view.filters.length) return null;
  const remove = (filter: Filter, value?: string): void => {
    controller.go({ ...withoutCondition(view, filter, value), image: null });
  };
  return (
    <ul class="chips" aria-label="Active filters">
      {view.filters.flatMap((filter) => {
        if (filter.kind === "ids") return [<Chip key="set" label="Set" value={counted(filter.values.length, "picture")} onRemove={() => remove(filter)} />];
        if (filter.kind === "area") return [<Chip key="area" label="Map" value="area" onRemove={() => remove(filter)} />];
        if (filter.kind === "topic") return filter.values.map((value) => <TopicChip key={`topic ${value}`} topic={value} onRemove={() => remove(filter, value)} />);
        const field = fields?.find((other) => other.name === filter.field);
        const label = field?.label ?? filter.field;
        if (filter.kind === "range") {
          const text = field ? range(field, filter.min, filter.max) : "range";
          return [<Chip key={`in ${filter.field}`} label={label} value={text} onRemove={() => remove(filter)} />];
        }
        return filter.values.map((value) => (
          <Chip key={`${filter.kind} ${filter.field} ${value}`} label={filter.kind === "none" ? `${label}: not` : label}
            value={shownValue(value, field)} onRemove={() => remove(filter, value)} />
        ));
      })}
      <li>
        <button type="button" class="button small quiet" onClick={() => controller.go({ ...view, filters: [], image: null })}>
          Clear all
        </button>
      </li>
    </ul>
  );
}

/** A topic of the map. An older link has its number; the name comes with those of all topics. */
function TopicChip({ topic, onRemove }: { topic: string; onRemove: () => void }): JSX.Element {
  const { collection } = useController();
  const topics = useLoaded(() => collection?.mapTopics() ?? Promise.resolve([]), [collection]);
  const known = topics.state === "ready" ? topics.value : [];
  const number = topicOf(known, topic);
  return <Chip label="Topic" value={visible(number === null ? topic : known[number]!.name)} onRemove={onRemove} />;
}

/** How many characters of a value a chip shows. */
const CHIP_TEXT = 80;

function Chip({ label, value: whole, onRemove }: { label: string; value: string; onRemove: () => void }): JSX.Element {
  const value = whole.length > CHIP_TEXT ? `${whole.slice(0, CHIP_TEXT)}…` : whole;
  return (
    <li>
      <button type="button" class="chip" onClick={onRemove} aria-label={`Remove filter ${label} ${value}`}>
        <span class="chip-label">{label}</span> <bdi>{value}</bdi><CloseIcon />
      </button>
    </li>
  );
}
