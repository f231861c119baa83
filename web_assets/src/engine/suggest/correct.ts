/** "Did you mean": words that occur nowhere, and what they were probably meant to be. */
import type { Correction } from "../types";
import type { Lexicon } from "./lexicon";

/** Of so many words of a query at most. */
const MOST = 8;

export interface Known {
  /** Whether full text has the word, in any of its forms. */
  occurs: (word: string) => boolean;
  /** The words of the collection; of them a correction is most welcome. */
  collection: Lexicon | null;
  /** Words that the model knows; asked for only where a word is none of the collection's. */
  model: () => Promise<Lexicon | null>;
  /** Whether a word is spelled right though it is in no list. */
  spelled: (word: string) => Promise<boolean>;
}

/** @param words of the query that full text looks for. Null where every word is known or none is like it. */
export async function correct(text: string, words: readonly string[], { occurs, collection, model, spelled }: Known): Promise<Correction | null> {
  const unknown = words.slice(0, MOST).map(bareWord).filter((word) => word && !occurs(word) && !collection?.has(word));
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

/** A word without the signs around it; "" for what is no plain word. */
function bareWord(word: string): string {
  const bare = word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
  return /^[\p{L}'’-]+$/u.test(bare) ? bare : "";
}

/** `text` with a word, wherever it stands on its own, replaced by another. */
function replaceWord(text: string, from: string, to: string): string {
  const escaped = from.replace(/[.*+?^${}()|[\]\\-]/g, "\\$&");
  return text.replace(new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, "giu"), () => to);
}
