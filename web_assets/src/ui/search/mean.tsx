/** "Did you mean": offered beside the results if words of the query occur nowhere. */
import type { JSX } from "preact";
import { visible } from "../../base/visible";

import { useController, useStore } from "../context";
import { useLoaded } from "../parts/hooks";
import { searchKey } from "../state/view";
import type { Correction } from "../../engine/types";

export function DidYouMean(): JSX.Element | null {
  const controller = useController();
  const view = useStore((state) => state.view);
  const settled = useStore((state) => (state.list?.stage === "final" ? state.list.key : null));
  const text = view.text.trim();
  // In this mode words need not occur in any text.
  const asked = text && view.mode !== "meaning" && settled === searchKey(view) ? text : null;
  const found = useLoaded<{ text: string; correction: Correction | null } | null>(async () => (
    asked && controller.collection ? { text: asked, correction: await controller.collection.correct(asked, view.mode) } : null
  ), [asked, view.mode]);
  const correction = found.state === "ready" && found.value?.text === asked ? found.value?.correction : null;
  if (!correction) return null;
  const changed = new Set(correction.changes.map(({ to }) => to));
  return (
    <p class="mean" role="status">
      Did you mean{" "}
      <button type="button" class="text-button" onClick={() => controller.go({ ...view, text: correction.text, image: null })}>
        {correction.text.split(/(\s+)/).map((part, i) => (changed.has(part.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ""))
          ? <strong key={i}>{visible(part)}</strong> : visible(part)))}
      </button>?
    </p>
  );
}
