/** One value of a filter: a box to choose it, its count, and a button to exclude it. */
import type { JSX } from "preact";

import { CloseIcon } from "../parts/icons";
import { count } from "../wording";

export interface LineProps {
  /** What is shown, and the whole value for tooltips and screen readers. */
  label: string;
  name: string;
  /** Below 0: unknown. */
  rows: number;
  /** The number is an estimate. */
  about?: boolean | undefined;
  chosen: boolean;
  excluded: boolean;
  onChoose: () => void;
  onExclude: () => void;
}

export function FacetLine({ label, name, rows, about, chosen, excluded, onChoose, onExclude }: LineProps): JSX.Element {
  return (
    <>
      <label>
        <input type="checkbox" checked={chosen} onChange={onChoose} />
        <span class="facet-value" title={name}>{label}</span>
        {rows >= 0 && <span class="facet-count">{about ? `about ${count(rows)}` : count(rows)}</span>}
      </label>
      <button type="button" class="facet-not" aria-pressed={excluded} aria-label={`Exclude ${name}`} title="Exclude"
        onClick={onExclude}><CloseIcon /></button>
    </>
  );
}
