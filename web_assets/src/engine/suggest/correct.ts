/**
 * "Did you mean": words that occur nowhere, and the words that were probably meant. docs/QUERY.md ("Suggestions") states the rules;
 * the twin is builder/imagedb_site/query/correct.py.
 */
import { fold } from "../query/index";
import type { Correction } from "../types";
import { isPlain, type Candidate, type Lexicon } from "./lexicon";

/** The largest number of words of a query that are corrected. */
const CORRECTED_WORDS = 8;
const CANDIDATES = 3;
/** Of more unknown words than these only the best candidate is tried. */
const COMBINED_WORDS = 3;

/** What a query finds: an image with all its words, other results, or none. */
export type Finds = "all" | "some" | "none";

export interface Known {
  /** Whether full text finds the word, in any of its forms or as a part of longer words. */
  occurs: (word: string) => Promise<boolean>;
  collection: Lexicon | null;
  /** Words that the model knows, null if it does not take part; loaded only if a word is not one of the collection's. */
  model: () => Promise<Lexicon | null>;
  /** Whether a word that is in no list is nevertheless spelled correctly. */
  spelled: (word: string) => Promise<boolean>;
  /** A query without results is never proposed. */
  finds: (text: string) => Promise<Finds>;
}

/** @param words of the query, as full text searches for them. Null if every word is known, or nothing better is found. */
export async function correct(text: string, words: readonly string[], known: Known): Promise<Correction | null> {
  const bare = [...new Set(words.slice(0, CORRECTED_WORDS).map(bareWord))].filter((word) => word && !known.collection?.has(word));
  const occurring = await Promise.all(bare.map(known.occurs));
  const unknown = bare.filter((_, i) => !occurring[i]);
  if (!unknown.length) return null;
  const model = await known.model();
  const choices: { from: string; to: Candidate[] }[] = [];
  for (const from of unknown) {
    const to = await candidates(from, known, model);
    if (to.length) choices.push({ from, to: choices.length < COMBINED_WORDS ? to : to.slice(0, 1) });
  }
  let best: Correction | null = null;
  for (const chosen of combinations(choices.map(({ to }) => to))) {
    const changes = chosen.map(({ word }, i) => ({ from: choices[i]!.from, to: word }));
    const corrected = changes.reduce((now, { from, to }) => replaceWord(now, from, to), text);
    if (corrected === text) continue;
    const finds = await known.finds(corrected);
    // Two words that become the same one occur together without saying anything.
    if (finds === "all" && new Set(changes.map(({ to }) => to)).size === changes.length) return { text: corrected, changes };
    if (finds !== "none") best ??= { text: corrected, changes };
  }
  return best;
}

/** The words that `word` may mean, the most likely first; none if the model knows it. */
async function candidates(word: string, { collection, spelled }: Known, model: Lexicon | null): Promise<Candidate[]> {
  if (model?.has(word) || await spelled(word)) return [];
  const found = await collection?.near(word, CANDIDATES) ?? [];
  const names = new Set(found.map(({ word: name }) => fold(name)));
  const others = (await model?.near(word, CANDIDATES) ?? []).filter(({ word: name }) => !names.has(fold(name)));
  return [...found, ...others].sort((a, b) => b.score - a.score).slice(0, CANDIDATES);
}

/** One of each list, in all combinations, the most likely first. None if there are no lists. */
function combinations(lists: readonly (readonly Candidate[])[]): Candidate[][] {
  if (!lists.length) return [];
  const all = lists.reduce<Candidate[][]>((made, list) => made.flatMap((some) => list.map((one) => [...some, one])), [[]]);
  const scoreOf = (some: readonly Candidate[]) => some.reduce((sum, { score }) => sum + score, 0);
  return all.sort((a, b) => scoreOf(b) - scoreOf(a));
}

/** A word without the punctuation around it; "" if it is not only letters, `'` and `-`. */
function bareWord(word: string): string {
  const bare = word.replace(/^[^\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]+$/gu, "");
  return isPlain(fold(bare)) ? bare : "";
}

/** `text` with every whole-word occurrence of a word, in any case, replaced by another. */
function replaceWord(text: string, from: string, to: string): string {
  const escaped = from.replace(/[.*+?^${}()|[\]\\-]/g, "\\$&");
  return text.replace(new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, "giu"), () => to);
}
