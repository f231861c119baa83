/** The values of one field with their counts; several may be chosen, and any may be excluded. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { useController, useStore } from "../context";
import { count, shownValue } from "../wording";
import { choiceOf, choose, exclude } from "./choice";
import { FacetLine } from "./line";
import { useCounts } from "./use-counts";
import type { FacetCount, FieldDefinition } from "../../engine/types";

const FIRST = 8;
const LISTED_VALUES = 400;

export function Facet({ field }: { field: FieldDefinition }): JSX.Element {
  const controller = useController();
  const view = useStore((state) => state.view);
  const [all, setAll] = useState(false);
  const [search, setSearch] = useState("");
  const { ref, value: counts, failure } = useCounts(field, LISTED_VALUES);

  const { chosen, excluded } = choiceOf(view, field.name);
  const marked = [...chosen, ...excluded];
  const known = counts ?? [];
  const lines: FacetCount[] = [
    ...marked.filter((value) => !known.some((line) => line.value === value)).map((value): FacetCount => ({ value, count: -1 })),
    ...known,
  ];
  const wanted = search.trim().toLowerCase();
  const fitting = wanted ? lines.filter((line) => shownValue(line.value, field).toLowerCase().includes(wanted)) : lines;
  const shown = all || wanted || fitting.length <= FIRST + 4 ? fitting : fitting.filter((line, i) => i < FIRST || marked.includes(line.value));

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
        {shown.map(({ value, count: rows, about }) => {
          const label = shownValue(value, field);
          return (
            <li key={value} class="facet-line">
              <FacetLine label={label} name={label} rows={rows} about={about} chosen={chosen.includes(value)} excluded={excluded.includes(value)}
                onChoose={() => controller.go(choose(view, field.name, value))}
                onExclude={() => controller.go(exclude(view, field.name, value))} />
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
