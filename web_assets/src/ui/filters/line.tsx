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

/** A value of thousands of characters is cut; its beginning tells it apart. */
const MOST_SHOWN = 160;
const cut = (text: string): string => (text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text);

export function FacetLine({ label, name: whole, rows, about, chosen, excluded, onChoose, onExclude }: LineProps): JSX.Element {
  const name = cut(whole);
  return (
    <>
      <label>
        <input type="checkbox" checked={chosen} onChange={onChoose} />
        <span class="facet-value" title={name}>{cut(label)}</span>
        {rows >= 0 && <span class="facet-count">{about ? `about ${count(rows)}` : count(rows)}</span>}
      </label>
      <button type="button" class="facet-not" aria-pressed={excluded} aria-label={`Exclude ${name}`} title="Exclude"
        onClick={onExclude}><CloseIcon /></button>
    </>
  );
}
