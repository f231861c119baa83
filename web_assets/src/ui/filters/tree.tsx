/** The filter of a field of paths, such as folders: a tree whose levels load when they are opened. Each count includes everything below. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { useStore } from "../context";
import { shownValue } from "../wording";
import { choiceOf, hasBelow, lastPart } from "./choice";
import { Found } from "./found";
import { useCounts } from "./use-counts";
import { useFolded } from "./use-folded";
import { Value } from "./value";
import type { FacetCount, FieldDefinition } from "../../engine/types";

const FIRST = 8;
const LISTED_PATHS = 400;
const natural = new Intl.Collator(undefined, { numeric: true });

interface PathsField {
  field: FieldDefinition & { separator: string };
}

export function Tree({ field }: PathsField): JSX.Element {
  const [search, setSearch] = useState("");
  const [large, setLarge] = useState(false);
  const wanted = search.trim();
  return (
    <div class="facet tree" role="group" aria-label={field.label}>
      {(large || wanted) && (
        <input type="search" class="facet-search" value={search} placeholder={`Find in ${field.label.toLowerCase()}`}
          aria-label={`Find in ${field.label}`} onInput={(event) => setSearch(event.currentTarget.value)} />
      )}
      {wanted ? <Found field={field} wanted={wanted} /> : <Level field={field} under="" onLarge={setLarge} />}
    </div>
  );
}

/** The paths directly below one. */
function Level({ field, under, onLarge }: PathsField & { under: string; onLarge?: (large: boolean) => void }): JSX.Element {
  const [all, setAll] = useState(false);
  const { ref, value: counts, failure } = useCounts(field, LISTED_PATHS, under);
  const view = useStore((state) => state.view);
  const { chosen, excluded } = choiceOf(view, field.name);
  const marked = [...chosen, ...excluded];
  const known = [...(counts ?? [])].sort((a, b) => natural.compare(a.value, b.value));
  // What was chosen stays in the list if nothing has it under the other filters.
  const lost = under || !counts ? [] : marked.filter((path) => !path.includes(field.separator) && !known.some(({ value }) => value === path));
  const lines: FacetCount[] = [...lost.map((value) => ({ value, count: -1 })), ...known];
  const important = ({ value }: FacetCount): boolean => marked.includes(value) || hasBelow(value, field.separator, marked);
  const open = ({ value }: FacetCount): boolean => hasBelow(value, field.separator, marked) || (!under && lines.length === 1);
  const shown = all || lines.length <= FIRST + 4 ? lines : lines.filter((line, i) => i < FIRST || important(line));
  useFolded(ref, !under && counts !== undefined && !lines.length);
  useEffect(() => {
    if (counts) onLarge?.(counts.length > 12 || counts.some(({ parent }) => parent));
  }, [counts]);
  return (
    <div ref={ref} class="tree-level">
      {failure}
      {!counts && !failure && <p class="faint loading">Loading…</p>}
      {counts && !lines.length && <p class="faint">No values</p>}
      <ul>{shown.map((line) => <Branch key={line.value} field={field} line={line} open={open(line)} />)}</ul>
      {lines.length > shown.length && (
        <button type="button" class="button small quiet" onClick={() => setAll(true)}>Show all {lines.length}</button>
      )}
      {all && lines.length >= LISTED_PATHS && <p class="faint">Only the {LISTED_PATHS} with the most pictures are listed.</p>}
    </div>
  );
}

/** One path, and what is below it once it is opened. `open`: it is open at first. */
function Branch({ field, line, open }: PathsField & { line: FacetCount; open: boolean }): JSX.Element {
  const [opened, setOpened] = useState(open);
  const name = shownValue(line.value, field);
  return (
    <li>
      <div class="facet-line">
        {line.parent
          ? (
            <button type="button" class="tree-toggle" aria-expanded={opened} aria-label={`What is in ${name}`}
              title={opened ? "Close" : "Open"} onClick={() => setOpened(!opened)} />
          )
          : <span class="tree-leaf" />}
        <Value field={field} line={line} label={shownValue(lastPart(line.value, field.separator), field)} />
      </div>
      {opened && line.parent && <Level field={field} under={line.value} />}
    </li>
  );
}
