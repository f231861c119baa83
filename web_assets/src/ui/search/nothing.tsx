/** Shown if nothing matches: suggestions for a search that finds more. */
import type { JSX } from "preact";
import { visible } from "../../base/visible";

import { useController, useStore } from "../context";
import { nounOf } from "../layout";
import { range, shownValue } from "../wording";
import { withoutCondition, type View } from "../state/view";
import type { FieldDefinition, Filter } from "../../engine/types";

const CONDITIONS = 4;
const EXAMPLES = 4;

/** The label of a button, and the view it leads to. */
export interface Way {
  label: string;
  view: View;
  quiet?: boolean;
}

/** Views with fewer conditions than one without results, the smallest change first. Pure. */
export function waysOut(view: View, fields: readonly FieldDefinition[], examples: readonly string[], meaning: boolean): Way[] {
  const ways: Way[] = [];
  const base: View = { ...view, image: null };
  const conditions = view.filters.flatMap((filter): { filter: Filter; value?: string }[] => (
    filter.kind === "range" || filter.kind === "ids" || filter.kind === "area" ? [{ filter }] : filter.values.map((value) => ({ filter, value }))
  ));
  for (const { filter, value } of conditions.slice(0, CONDITIONS)) {
    if (filter.kind === "area" || filter.kind === "topic") {
      ways.push({ label: filter.kind === "area" ? "Without the area of the map" : `Without the topic “${value ?? ""}”`, view: withoutCondition(base, filter, value) });
      continue;
    }
    if (filter.kind === "ids") {
      ways.push({ label: "Search outside the set as well", view: withoutCondition(base, filter) });
      continue;
    }
    const field = fields.find((other) => other.name === filter.field);
    const shown = filter.kind === "range" ? (field ? range(field, filter.min, filter.max) : "range") : shownValue(value ?? "", field);
    const not = filter.kind === "none" ? "not " : "";
    ways.push({ label: `Without “${field?.label ?? filter.field}: ${not}${shown}”`, view: withoutCondition(base, filter, value) });
  }
  if (conditions.length > 1) ways.push({ label: "Remove all filters", view: { ...base, filters: [] } });
  if (view.mode === "words" && meaning && (view.text.trim() || view.like.length || view.pictures.length)) {
    ways.push({ label: "Search by meaning as well", view: { ...base, mode: "all" } });
  }
  if (view.mode === "meaning" && view.text.trim()) ways.push({ label: "Search the texts as well", view: { ...base, mode: "all" } });
  const loose = view.text.replaceAll('"', " ").replace(/\s+/g, " ").trim();
  if (loose && view.text.includes('"')) ways.push({ label: "Search for the words separately", view: { ...base, text: loose } });
  if (view.text.trim()) ways.push({ label: "Show the whole collection", view: { ...base, text: "", filters: [], like: [], pictures: [], sort: null, mode: "all" } });
  for (const example of examples.slice(0, EXAMPLES)) {
    ways.push({ label: example, quiet: true, view: { ...base, text: example, filters: [], like: [], pictures: [] } });
  }
  return ways;
}

export function Nothing(): JSX.Element {
  const controller = useController();
  const view = useStore((state) => state.view);
  const manifest = useStore((state) => state.manifest);
  const noun = nounOf(manifest);
  const ways = waysOut(view, manifest?.fields ?? [], manifest?.examples ?? [], Boolean(manifest?.vectors && manifest.model));
  return (
    <div class="nothing">
      <h2>Nothing found</h2>
      <p>{view.filters.length ? `No ${noun} matches all filters.` : view.mode === "meaning" ? `No ${noun} ${noun === "picture" ? "shows" : "is about"} this.` : `No ${noun} has these words.`} You could try this:</p>
      <div class="nothing-ways">
        {ways.map((way) => (
          <button key={way.label} type="button" class={`button ${way.quiet ? "quiet" : ""}`} onClick={() => controller.go(way.view)}>
            {visible(way.label)}
          </button>
        ))}
      </div>
    </div>
  );
}
