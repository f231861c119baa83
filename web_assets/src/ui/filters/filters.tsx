/** The frame of the filters: beside the results on a wide screen, a sheet over them on a narrow one. What is in it loads later. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { useController, useStore } from "../context";
import { useMedia } from "../parts/hooks";
import { CloseIcon } from "../parts/icons";
import { Later, useLater } from "../parts/later";
import { Modal } from "../parts/modal";
import { Retry } from "../parts/retry";
import { searchKey } from "../state/view";
import { resultsLabel } from "./label";
import { useFilters } from "./open";

const groups = new Later(() => import("./groups"), "Groups");
/** How often (ms) and how long at most it is checked whether the first pictures have arrived. */
const [CHECK_MS, MOST_MS] = [120, 5000];

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

/** Waits for the first pictures, which matter more than filters that nobody asked for. */
function AfterPictures(): JSX.Element | null {
  const controller = useController();
  const [ready, setReady] = useState(false);
  useEffect(() => {
    const end = performance.now() + MOST_MS;
    let calm = 0;
    const timer = setInterval(() => {
      const { list } = controller.store.get();
      const shown = list !== null && (list.length === 0 || list.pages.some((page) => page?.status === "ready"));
      calm = shown && !controller.thumbnails.held.running ? calm + 1 : 0;
      // Pictures are requested a moment after their tiles are drawn.
      if (calm < 3 && performance.now() < end) return;
      clearInterval(timer);
      setReady(true);
    }, CHECK_MS);
    return () => clearInterval(timer);
  }, []);
  return ready ? <Content /> : null;
}

function ShowResults({ onClick }: { onClick: () => void }): JSX.Element {
  const label = useStore(({ view, list, pending }) => resultsLabel(view, pending || list?.key !== searchKey(view) ? null : list));
  return <button type="button" class="button solid" onClick={onClick}>{label}</button>;
}
