/** Text that is still being typed. */
import type { Catalog } from "../catalog/index";
import type { Encoder, Vocabulary } from "../encoder/index";
import { isStopWord } from "./query/index";

/** What is loaded already; null where it is not, or there is none. */
export interface AtHand {
  catalog: Pick<Catalog, "withWord"> | null;
  vocabulary: Pick<Vocabulary, "has"> | null;
  encoder: Pick<Encoder, "ready"> | null;
}

/**
 * Whether a text ends in a word of the collection or of the model's vocabulary, and all that a search for it needs is
 * loaded: then an answer costs little, and is likely to be one to what the person means.
 */
export function endsInWord(text: string, { catalog, vocabulary, encoder }: AtHand): boolean {
  const word = /[\p{L}\p{N}]+$/u.exec(text)?.[0];
  if (!word || word.length < 2 || isStopWord(word) || (encoder && !encoder.ready)) return false;
  return (catalog?.withWord(word).length ?? 0) > 0 || (vocabulary?.has(word) ?? false);
}
