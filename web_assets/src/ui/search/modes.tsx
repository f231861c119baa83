/** How to search: by everything, by meaning, or by words. */
import type { JSX } from "preact";

import { useController, useStore } from "../context";
import type { Mode } from "../../engine/types";

const MODES: { mode: Mode; label: string; hint: string }[] = [
  { mode: "all", label: "All", hint: "Meaning and words together" },
  { mode: "meaning", label: "Meaning", hint: "What the pictures show, whatever their titles say" },
  { mode: "words", label: "Words", hint: "Titles, tags and texts only, with FTS5 syntax" },
];

export function Modes(): JSX.Element | null {
  const controller = useController();
  const view = useStore((state) => state.view);
  const able = useStore((state) => Boolean(state.manifest?.vectors && state.manifest.model));
  if (!able) return null;
  return (
    <div class="modes" role="radiogroup" aria-label="Search by">
      {MODES.map(({ mode, label, hint }) => (
        <label key={mode} title={hint}>
          <input type="radio" name="mode" value={mode} checked={view.mode === mode}
            onChange={() => controller.go({ ...view, mode, image: null })} />
          <span>{label}</span>
        </label>
      ))}
    </div>
  );
}
