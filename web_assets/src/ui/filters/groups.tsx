/** The filters: one group per field. Counts are those within the current result, without the filters on the field itself. */
import type { JSX, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { useStore } from "../context";
import { nounOf } from "../layout";
import { searchKey } from "../state/view";
import { Facet } from "./facet";
import { countedAmong } from "./label";
import { isFilterable } from "./open";
import { Range } from "./range";
import { Tree } from "./tree";
import type { FieldDefinition } from "../../engine/types";

/** How many groups are open at first; the others load nothing until they are opened. */
const OPEN_AT_FIRST = 3;

/** Fields with values to choose from come first, then dates, then numbers. */
function order({ type }: FieldDefinition): number {
  return type === "number" ? 2 : type === "date" ? 1 : 0;
}

function Values({ field }: { field: FieldDefinition }): JSX.Element {
  const { separator } = field;
  return separator === undefined ? <Facet field={field} /> : <Tree field={{ ...field, separator }} />;
}

export function Groups(): JSX.Element {
  const fields = useStore((state) => state.manifest?.fields ?? null);
  const view = useStore((state) => state.view);
  const among = useStore(({ view, list, manifest }) => countedAmong(view, list?.key === searchKey(view) ? list : null, nounOf(manifest)));
  const groups = (fields ?? []).filter(isFilterable).sort((one, other) => order(one) - order(other));
  const frame = useRef<HTMLDivElement>(null);
  const settled = useSettled(frame);
  return (
    <div ref={frame} class={settled ? "" : "unsettled"}>
      {among && <p class="faint filters-among">{among}</p>}
      {groups.map((field, i) => {
        const active = view.filters.some((filter) => filter.field === field.name);
        return (
          <details key={field.name} class="filter-group" open={active || i < OPEN_AT_FIRST}>
            <summary>{field.label}{active && <span class="dot" aria-label=" (active)" />}</summary>
            {field.type === "number" || field.type === "date" ? <Range field={field} /> : <Values field={field} />}
          </details>
        );
      })}
    </div>
  );
}

/** How often (ms) and how long at most the groups are hidden until those that are open have their values. */
const [LOOK_MS, MOST_MS] = [60, 3000];

/** Whether the values of the open groups are here: until then they would push each other down. */
function useSettled(frame: RefObject<HTMLElement | null>): boolean {
  const [settled, setSettled] = useState(false);
  useEffect(() => {
    const end = performance.now() + MOST_MS;
    const timer = setInterval(() => {
      if (frame.current?.querySelector("[open] .loading") && performance.now() < end) return;
      clearInterval(timer);
      setSettled(true);
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  return settled;
}
