/** The options of the search box: saved and recent searches, completions, examples. Pure. */
import type { Suggestion } from "../../engine/types";
import type { SavedSearch } from "./saved";

export interface Option {
  kind: "saved" | "recent" | "word" | "value" | "example";
  /** The text of the box after the option is chosen. */
  text: string;
  shown: string;
  /** Shown next to it: the field of a value, the number of pictures with a word. */
  hint: string | null;
  /** Of a saved search: its link. */
  link?: string;
}

/** How many saved searches are offered: their names need not begin with what is typed. */
const SAVED = 3;
const RECENT_FIRST = 8;
const RECENT_BESIDE = 3;
const SHOWN_OPTIONS = 9;

export interface Offers {
  saved: readonly SavedSearch[];
  recent: readonly string[];
  examples: readonly string[];
  suggestions: readonly Suggestion[];
}

/** The options for the text typed so far, best first, without duplicates. */
export function optionsFor(text: string, { saved, recent, examples, suggestions }: Offers, pictures: (count: number) => string): Option[] {
  const typed = text.trim().toLowerCase();
  const remembered = recent
    .filter((other) => !typed || (other.toLowerCase().startsWith(typed) && other.toLowerCase() !== typed))
    .slice(0, typed ? RECENT_BESIDE : RECENT_FIRST)
    .map((other): Option => ({ kind: "recent", text: other, shown: other, hint: null }));
  const offered = typed
    ? suggestions.map(({ kind, text: whole, shown, count, field }): Option => (
      { kind, text: whole, shown, hint: field ?? (count ? pictures(count) : null) }
    ))
    : examples.map((example): Option => ({ kind: "example", text: example, shown: example, hint: null }));
  const kept = saved.filter(({ name }) => name.toLowerCase().includes(typed)).slice(0, SAVED)
    .map(({ name, link }): Option => ({ kind: "saved", text: typed, shown: name, hint: "saved", link }));
  const seen = new Set<string>();
  return [...kept, ...remembered, ...offered].filter(({ kind, shown }) => {
    const key = (kind === "value" || kind === "saved" ? `${kind} ` : "") + shown.trim().toLowerCase();
    return !seen.has(key) && seen.add(key);
  }).slice(0, SHOWN_OPTIONS);
}

/** The option an arrow key leads to; −1 is the box itself, between the last and the first. */
export function stepped(active: number, length: number, by: 1 | -1): number {
  if (!length) return -1;
  return ((active + 1 + by + length + 1) % (length + 1)) - 1;
}
