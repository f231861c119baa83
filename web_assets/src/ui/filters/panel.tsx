/** The filters: one group per field. Counts are those within the current result, without the filters on the field itself. */
import type { JSX } from "preact";

import { useController, useStore } from "../context";
import { CloseIcon } from "../parts/icons";
import { Modal } from "../parts/modal";
import { useMedia } from "../parts/hooks";
import { isFilterable } from "../search/toolbar";
import { Facet } from "./facet";
import { Range } from "./range";
import { Tree } from "./tree";
import type { FieldDefinition } from "../../engine/types";

/** How many groups are open at first; the others load nothing until they are opened. */
const OPEN_AT_FIRST = 3;

export function Filters(): JSX.Element | null {
  const controller = useController();
  const open = useStore((state) => state.filtersOpen);
  const wide = useMedia("(min-width: 900px)");
  const close = (): void => controller.store.dispatch({ type: "filters", open: false });
  if (!open) return null;
  if (!wide) {
    return (
      <Modal label="Filters" class="filters-modal" heading onClose={close}>
        <div class="filters-body" id="filters"><Groups /></div>
        <div class="filters-foot"><button type="button" class="button solid" onClick={close}>Show results</button></div>
      </Modal>
    );
  }
  return (
    <aside class="filters" id="filters" aria-label="Filters" onKeyDown={(event) => { if (event.key === "Escape") close(); }}>
      <header class="filters-head">
        <h2>Filters</h2>
        <button type="button" class="icon-button" aria-label="Close filters" onClick={close}><CloseIcon /></button>
      </header>
      <div class="filters-body"><Groups /></div>
    </aside>
  );
}

/** Fields with values to choose from come first, then dates, then numbers. */
function order({ type }: FieldDefinition): number {
  return type === "number" ? 2 : type === "date" ? 1 : 0;
}

function Values({ field }: { field: FieldDefinition }): JSX.Element {
  const { separator } = field;
  return separator === undefined ? <Facet field={field} /> : <Tree field={{ ...field, separator }} />;
}

function Groups(): JSX.Element {
  const fields = useStore((state) => state.manifest?.fields ?? null);
  const view = useStore((state) => state.view);
  const groups = (fields ?? []).filter(isFilterable).sort((one, other) => order(one) - order(other));
  return (
    <>
      {groups.map((field, i) => {
        const active = view.filters.some((filter) => filter.field === field.name);
        return (
          <details key={field.name} class="filter-group" open={active || i < OPEN_AT_FIRST}>
            <summary>{field.label}{active && <span class="dot" aria-label=" (active)" />}</summary>
            {field.type === "number" || field.type === "date" ? <Range field={field} /> : <Values field={field} />}
          </details>
        );
      })}
    </>
  );
}
