/** The values of a field that contain a text, of all its values and not only of those that are listed. */
import type { JSX } from "preact";

import { count, shownValue } from "../wording";
import { useCounts } from "./use-counts";
import { Value } from "./value";
import type { FieldDefinition } from "../../engine/types";

/** The most frequent values that are searched, and how many of those found are listed. */
const [SEARCHED, LISTED] = [20_000, 50];

export function Found({ field, wanted }: { field: FieldDefinition; wanted: string }): JSX.Element {
  const { ref, value: counts, failure } = useCounts(field, SEARCHED);
  const text = wanted.toLowerCase();
  const fitting = (counts ?? []).filter(({ value }) => shownValue(value, field).toLowerCase().includes(text));
  return (
    <div ref={ref}>
      {failure}
      {!counts && !failure && <p class="faint">Loading…</p>}
      <ul>
        {fitting.slice(0, LISTED).map((line) => <li key={line.value} class="facet-line"><Value field={field} line={line} /></li>)}
      </ul>
      {fitting.length > LISTED && <p class="faint">{count(fitting.length - LISTED)} more; type more to see them.</p>}
      {counts && !fitting.length && <p class="faint">No value contains “{wanted}”</p>}
      {counts && counts.length >= SEARCHED && <p class="faint">Only the {count(SEARCHED)} most frequent values are searched.</p>}
    </div>
  );
}
