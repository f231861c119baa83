/** The values of one field with their counts; several may be chosen, and any may be excluded. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { useStore } from "../context";
import { count } from "../wording";
import { choiceOf } from "./choice";
import { Found } from "./found";
import { useCounts } from "./use-counts";
import { useFolded } from "./use-folded";
import { Value } from "./value";
import type { FacetCount, FieldDefinition } from "../../engine/types";

const FIRST = 8;
/** How many values are listed at most; the search looks through more. */
const LISTED_VALUES = 400;

export function Facet({ field }: { field: FieldDefinition }): JSX.Element {
  const view = useStore((state) => state.view);
  const [all, setAll] = useState(false);
  const [search, setSearch] = useState("");
  const { ref, value: counts, failure } = useCounts(field, LISTED_VALUES);

  const { chosen, excluded } = choiceOf(view, field.name);
  const marked = [...chosen, ...excluded];
  const known = counts ?? [];
  // What was chosen stays in the list if nothing has it under the other filters.
  const lines: FacetCount[] = [
    ...marked.filter((value) => !known.some((line) => line.value === value)).map((value): FacetCount => ({ value, count: -1 })),
    ...known,
  ];
  useFolded(ref, counts !== undefined && !lines.length);
  const wanted = search.trim();
  const shown = all || lines.length <= FIRST + 4 ? lines : lines.filter((line, i) => i < FIRST || marked.includes(line.value));

  return (
    <div ref={ref} class="facet" role="group" aria-label={field.label}>
      {(lines.length > 12 || wanted) && (
        <input type="search" class="facet-search" value={search} placeholder={`Find in ${field.label.toLowerCase()}`}
          aria-label={`Find in ${field.label}`} onInput={(event) => setSearch(event.currentTarget.value)} />
      )}
      {failure}
      {!counts && !failure && <p class="faint loading">Loading…</p>}
      {counts && !lines.length && <p class="faint">No values</p>}
      {wanted ? <Found field={field} wanted={wanted} /> : (
        <>
          <ul>{shown.map((line) => <li key={line.value} class="facet-line"><Value field={field} line={line} /></li>)}</ul>
          {lines.length > shown.length && (
            <button type="button" class="button small quiet" onClick={() => setAll(true)}>
              Show {lines.length >= LISTED_VALUES ? "more" : `all ${count(lines.length)}`}
            </button>
          )}
          {all && known.length >= LISTED_VALUES && <p class="faint">Only the {LISTED_VALUES} most frequent are listed. Search for others above.</p>}
        </>
      )}
    </div>
  );
}
