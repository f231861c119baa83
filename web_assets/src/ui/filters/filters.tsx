/** The frame of the filters: beside the results on a wide screen, a sheet over them on a narrow one. What is in it loads later. */
import type { JSX } from "preact";

import { useStore } from "../context";
import { useAfterPictures } from "../parts/after-pictures";
import { useMedia } from "../parts/hooks";
import { CloseIcon } from "../parts/icons";
import { Later, useLater } from "../parts/later";
import { Modal } from "../parts/modal";
import { Retry } from "../parts/retry";
import { searchKey } from "../state/view";
import { resultsLabel } from "./label";
import { useFilters } from "./open";

const groups = new Later(() => import("./groups"), "Groups");

export function Filters(): JSX.Element | null {
  const { open, unasked, toggle } = useFilters();
  const wide = useMedia("(min-width: 900px)");
  if (!open) return null;
  if (!wide) {
    return (
      <Modal label="Filters" class="filters-modal" heading onClose={toggle}>
        <div class="filters-body" id="filters"><Content /></div>
        <div class="filters-foot"><ShowResults onClick={toggle} /></div>
      </Modal>
    );
  }
  return (
    <aside class={`filters ${unasked ? "unasked" : ""}`} id="filters" aria-label="Filters" onKeyDown={(event) => { if (event.key === "Escape") toggle(); }}>
      <header class="filters-head">
        <h2>Filters</h2>
        <button type="button" class="icon-button" aria-label="Close filters" onClick={toggle}><CloseIcon /></button>
      </header>
      <div class="filters-body">{unasked ? <AfterPictures /> : <Content />}</div>
    </aside>
  );
}

function Content(): JSX.Element {
  const { module, failure, retry } = useLater(groups);
  if (module) return <module.Groups />;
  if (failure === null) return <p class="faint" role="status">Loading…</p>;
  return <p class="facet-failed" role="alert">{failure} <Retry class="small" onClick={retry} /></p>;
}

/** The first pictures matter more than filters that nobody asked for. */
function AfterPictures(): JSX.Element | null {
  return useAfterPictures() ? <Content /> : null;
}

function ShowResults({ onClick }: { onClick: () => void }): JSX.Element {
  const label = useStore(({ view, list, pending }) => resultsLabel(view, pending || list?.key !== searchKey(view) ? null : list));
  return <button type="button" class="button solid" onClick={onClick}>{label}</button>;
}
