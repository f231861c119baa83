/** What the filters say about the results: how many there are, and among which of them values are counted. Pure. */
import { isRanked, type View } from "../state/view";
import { count, counted, type Noun } from "../wording";
import type { List } from "../state/list";

/** The label of the button that leads from the filters to the results. `list`: null while they are searched for. */
export function resultsLabel(view: View, list: List | null): string {
  if (!list || list.stage !== "final") return "Show results";
  if (!list.length) return "Nothing found";
  if (list.divide) return `Show ${count(list.divide)} likely ${list.divide === 1 ? "match" : "matches"}`;
  if (list.total === null || (isRanked(view) && view.mode !== "words")) return "Show results";
  return `Show ${count(list.total)} ${list.total === 1 ? "result" : "results"}`;
}

/** Among what the values are counted; null if that is the whole collection. See "Counts" in docs/QUERY.md. */
export function countedAmong(view: View, list: List | null, noun: Noun): string | null {
  if (!isRanked(view)) return view.filters.length ? `Counts are for ${noun}s that meet the other filters.` : null;
  if (!list || list.stage !== "final") return null;
  if (view.mode === "words" && !view.like.length && !view.pictures.length) {
    return list.total === null ? null : `Counts are for the ${counted(list.total, noun)} with the words.`;
  }
  const filtered = view.filters.length ? " that meet the other filters" : "";
  if (list.divide) return `Counts are for the ${count(list.divide)} likely ${list.divide === 1 ? "match" : "matches"}.`;
  if (list.divide === 0) return `No match is likely, so the counts are for all ${noun}s${filtered}.`;
  return view.sort
    ? `Counts are for the likely matches, or for all ${noun}s${filtered} if none is likely.`
    : `Counts are for all ${noun}s${filtered}.`;
}
