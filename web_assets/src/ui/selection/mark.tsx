/** The button on a result that chooses it. Its clicks are handled by the gestures, for all results together. */
import type { JSX } from "preact";

import { CheckIcon } from "../parts/icons";

export function SelectMark({ chosen, label }: { chosen: boolean; label: string }): JSX.Element {
  return (
    <button type="button" class="select-mark" tabIndex={-1} aria-pressed={chosen} aria-label={`Select ${label}`} title={chosen ? "Unselect" : "Select"}>
      <CheckIcon />
    </button>
  );
}
