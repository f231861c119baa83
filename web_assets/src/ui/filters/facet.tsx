/** The values of one field with their counts; several may be chosen, and any may be excluded. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { useController, useStore } from "../context";
import { CloseIcon } from "../parts/icons";
import { toggleValue, withFilter } from "../state/view";
import { count, shownValue } from "../wording";
import { useContent } from "./use-content";
import type { FieldDefinition } from "../../engine/types";

const FIRST = 8;
const LISTED_VALUES = 400;

export function Facet({ field }: { field: FieldDefinition }): JSX.Element {
  const controller = useController();
  const view = useStore((state) => state.view);
  const [all, setAll] = useState(false);
  const [search, setSearch] = useState("");
  const others = view.filters.filter((filter) => filter.field !== field.name);
  const text = view.mode === "words" ? view.text.trim() : "";
  const { ref, value: counts, failure } = useContent(
    (collection) => collection.facets(field.name, { filters: others, limit: LISTED_VALUES, ...(text ? { text } : {}) }),
    [text, JSON.stringify(others)],
  );

  const chosen = values(view.filters.find((filter) => filter.field === field.name && filter.kind === "any"));
  const excluded = values(view.filters.find((filter) => filter.field === field.name && filter.kind === "none"));
  const marked = [...chosen, ...excluded];
  const known = counts ?? [];
  const lines = [
    ...marked.filter((value) => !known.some((line) => line.value === value)).map((value) => ({ value, count: -1 })),
    ...known,
  ];
  const wanted = search.trim().toLowerCase();
  const fitting = wanted ? lines.filter((line) => shownValue(line.value, field).toLowerCase().includes(wanted)) : lines;
  const shown = all || wanted || fitting.length <= FIRST + 4 ? fitting : fitting.filter((line, i) => i < FIRST || marked.includes(line.value));

  const exclude = (value: string): void => {
    const next = excluded.includes(value) ? excluded.filter((other) => other !== value) : [...excluded, value];
    const without = chosen.includes(value) ? toggleValue(view, field.name, value) : view;
    const filter = next.length ? { field: field.name, kind: "none" as const, values: next } : null;
    controller.go({ ...withFilter(without, field.name, "none", filter), image: null });
  };
  const choose = (value: string): void => {
    const filter = excluded.filter((other) => other !== value);
    const without = excluded.includes(value)
      ? withFilter(view, field.name, "none", filter.length ? { field: field.name, kind: "none", values: filter } : null)
      : view;
    controller.go({ ...toggleValue(without, field.name, value), image: null });
  };
  return (
    <div ref={ref} class="facet" role="group" aria-label={field.label}>
      {lines.length > 12 && (
        <input type="search" class="facet-search" value={search} placeholder={`Find in ${field.label.toLowerCase()}`}
          aria-label={`Find in ${field.label}`} onInput={(event) => setSearch(event.currentTarget.value)} />
      )}
      {failure}
      {!counts && !failure && <p class="faint">Loading…</p>}
      {counts && !lines.length && <p class="faint">No values</p>}
      <ul>
        {shown.map((line) => {
          const not = excluded.includes(line.value);
          const label = shownValue(line.value, field);
          return (
            <li key={line.value} class={not ? "excluded" : ""}>
              <label>
                <input type="checkbox" checked={chosen.includes(line.value)} onChange={() => choose(line.value)} />
                <span class="facet-value" title={label}>{label}</span>
                {line.count >= 0 && <span class="facet-count">{count(line.count)}</span>}
              </label>
              <button type="button" class="facet-not" aria-pressed={not} aria-label={`Exclude ${label}`} title="Exclude"
                onClick={() => exclude(line.value)}><CloseIcon /></button>
            </li>
          );
        })}
      </ul>
      {!wanted && fitting.length > shown.length && (
        <button type="button" class="button small quiet" onClick={() => setAll(true)}>
          Show {fitting.length >= LISTED_VALUES ? "more" : `all ${count(fitting.length)}`}
        </button>
      )}
      {wanted && !fitting.length && <p class="faint">No value contains “{search.trim()}”</p>}
    </div>
  );
}

function values(filter: { kind: string; values?: string[] } | undefined): string[] {
  return filter?.values ?? [];
}
