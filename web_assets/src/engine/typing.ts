/** Text that is still being typed. */
import type { FullText } from "../catalog/index";
import type { Encoder } from "../encoder/index";
import { isStopWord } from "./query/index";

/** The parts that are loaded; null for a part that is not loaded or does not exist. */
export interface Loaded {
  catalog: Pick<FullText, "withWord"> | null;
  words: ReadonlySet<string> | null;
  encoder: Pick<Encoder, "ready"> | null;
}

/**
 * Whether a text ends in a word of the collection or of the model's vocabulary, and all that a search for it needs is
 * loaded: then a search costs little, and the word is probably complete.
 */
export async function endsInWord(text: string, { catalog, words, encoder }: Loaded): Promise<boolean> {
  const word = /[\p{L}\p{N}]+$/u.exec(text)?.[0];
  if (!word || word.length < 2 || isStopWord(word) || (encoder && !encoder.ready)) return false;
  return ((await catalog?.withWord(word))?.length ?? 0) > 0 || (words !== null && isKnown(words, word.toLowerCase().normalize("NFC")));
}

/** Whether a word, or its singular, is one of the words. */
function isKnown(words: ReadonlySet<string>, word: string): boolean {
  return words.has(word) || (word.length > 3 && word.endsWith("s") && words.has(word.slice(0, -1)));
}
