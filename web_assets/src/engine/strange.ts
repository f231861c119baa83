/**
 * Texts in a language or script that the model does not know (docs/QUERY.md, "Other languages"). The twin is
 * builder/imagedb_site/query/strange.py.
 */
import { fold } from "./query/index";

/** A shorter list of a model's words says nothing about other words. */
const LEAST_WORDS = 1000;
/** From here on, characters are not Latin letters. */
const OTHER_SCRIPTS = "\u0250";

/** What is asked of the model. */
export interface Knows {
  /** The words that it knows, most frequent first; null if there is no list. */
  list: () => Promise<readonly string[] | null>;
  /** Whether the list has a word, or its singular or plural. */
  listed: (words: readonly string[], word: string) => boolean;
  /** Those of some words that are more than one token; null if the tokenizer is of many languages. */
  split: (words: readonly string[]) => Promise<string[] | null>;
}

/** Whether at least half of the words are unknown: two, or one with a letter that the list lacks. The list is only loaded if it matters. */
export async function isStrange(text: string, { list, listed, split }: Knows): Promise<boolean> {
  const words = text.toLowerCase().match(/\p{L}[\p{L}\p{M}]*/gu) ?? [];
  const several = await split(words);
  if (!several) return false;
  const doubtful = words.filter((word) => several.includes(word) || beyond(fold(word), OTHER_SCRIPTS).length);
  if (!doubtful.length || 2 * doubtful.length < words.length) return false;
  const known = await list();
  if (!known || known.length < LEAST_WORDS) return false;
  const letters = new Set(known.join(""));
  const foreign = (word: string, first: string): boolean => beyond(word, first).some((letter) => !letters.has(letter));
  const unknown = doubtful.filter((word) => foreign(fold(word), OTHER_SCRIPTS) || (several.includes(word) && !listed(known, word)));
  return 2 * unknown.length >= words.length && (unknown.length > 1 || unknown.some((word) => foreign(word, "\x80")));
}

function beyond(word: string, first: string): string[] {
  return [...word].filter((letter) => letter >= first);
}
