/** Lists of words, made ready once. */
import { Lexicon } from "./lexicon";

const made = new WeakMap<readonly string[], Lexicon>();

export function lexiconOf(words: readonly string[], counts?: ArrayLike<number>): Lexicon {
  const lexicon = made.get(words) ?? new Lexicon(words, counts);
  made.set(words, lexicon);
  return lexicon;
}
