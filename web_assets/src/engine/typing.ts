/** Text that is still being typed. */
import type { FullText } from "../catalog/index";
import type { Encoder, Vocabulary } from "../encoder/index";
import { isStopWord } from "./query/index";

/** The parts that are loaded; null for a part that is not loaded or does not exist. */
export interface Loaded {
  catalog: Pick<FullText, "withWord"> | null;
  vocabulary: Pick<Vocabulary, "has"> | null;
  encoder: Pick<Encoder, "ready"> | null;
}

/**
 * Whether a text ends in a word of the collection or of the model's vocabulary, and all that a search for it needs is
 * loaded: then a search costs little, and the word is probably complete.
 */
export async function endsInWord(text: string, { catalog, vocabulary, encoder }: Loaded): Promise<boolean> {
  const word = /[\p{L}\p{N}]+$/u.exec(text)?.[0];
  if (!word || word.length < 2 || isStopWord(word) || (encoder && !encoder.ready)) return false;
  return ((await catalog?.withWord(word))?.length ?? 0) > 0 || (vocabulary?.has(word) ?? false);
}
