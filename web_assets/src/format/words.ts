/** The words of the collection's texts (docs/FORMAT.md 2.10). */
import { headerStrings, readContainer, section } from "./container";

export interface WordsFile {
  /** Most frequent first, in lower case. */
  words: string[];
  /** How many images have each. */
  counts: Uint32Array;
}

/** Throws FormatError. */
export function readWords(bytes: Uint8Array): WordsFile {
  const container = readContainer(bytes, "words");
  const words = headerStrings(container, "words");
  return { words, counts: section(container, "counts", ["u32"], words.length) };
}
