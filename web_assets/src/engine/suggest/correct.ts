/** "Did you mean": words that occur nowhere, and the words that were probably meant. */
import type { Correction } from "../types";
import type { Lexicon } from "./lexicon";

/** The largest number of unknown words of a query that are corrected. */
const CORRECTED_WORDS = 8;

export interface Known {
  /** Whether the word occurs in full text, in any of its forms. */
  occurs: (word: string) => Promise<boolean>;
  /** The words of the collection, which are preferred as corrections. */
  collection: Lexicon | null;
  /** Words that the model knows; loaded only if a word is not one of the collection's. */
  model: () => Promise<Lexicon | null>;
  /** Whether a word that is in no list is still spelled correctly. */
  spelled: (word: string) => Promise<boolean>;
}

/** @param words of the query, as full text searches for them. Null if every word is known, or no similar word is. */
export async function correct(text: string, words: readonly string[], { occurs, collection, model, spelled }: Known): Promise<Correction | null> {
  const bare = words.slice(0, CORRECTED_WORDS).map(bareWord).filter((word) => word && !collection?.has(word));
  const found = await Promise.all(bare.map(occurs));
  const unknown = bare.filter((_, i) => !found[i]);
  if (!unknown.length) return null;
  const other = await model();
  const changes: Correction["changes"] = [];
  for (const word of unknown) {
    if (other?.has(word) || await spelled(word)) continue;
    const [near, far] = [collection?.nearest(word) ?? null, other?.nearest(word) ?? null];
    const best = near && (!far || near.slips <= far.slips) ? near : far;
    if (best) changes.push({ from: word, to: best.word });
  }
  if (!changes.length) return null;
  const corrected = changes.reduce((now, { from, to }) => replaceWord(now, from, to), text);
  return corrected === text ? null : { text: corrected, changes };
}

/** A word without the punctuation around it; "" if it is not a plain word. */
function bareWord(word: string): string {
  const bare = word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
  return /^[\p{L}'’-]+$/u.test(bare) ? bare : "";
}

/** `text` with every whole-word occurrence of a word replaced by another. */
function replaceWord(text: string, from: string, to: string): string {
  const escaped = from.replace(/[.*+?^${}()|[\]\\-]/g, "\\$&");
  return text.replace(new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, "giu"), () => to);
}
