/** Suggestions and corrections from the files of a collection. */
import { complete } from "./complete";
import { correct, type Finds } from "./correct";
import type { Lexicon } from "./lexicon";
import { lexiconOf } from "./lexicons";
import { longerWords } from "../longer-words";
import type { TextPlan } from "../plan";
import type { Resources } from "../resources";
import type { Correction, Mode, Suggestion } from "../types";

export type { Finds };

async function collectionLexicon(resources: Resources): Promise<Lexicon | null> {
  const file = await resources.words();
  return file && lexiconOf(file.words, file.counts);
}

/** An empty text has no completions, but loads what the first completion will need. */
export async function suggest(resources: Resources, text: string, limit: number): Promise<Suggestion[]> {
  if (!text.trim()) {
    await collectionLexicon(resources);
    return [];
  }
  return await complete(text, {
    fields: resources.manifest.fields,
    lexicon: () => collectionLexicon(resources),
    column: (name) => resources.columnSource(name),
    count: resources.count,
  }, limit);
}

/** Whether a search of this mode uses the model, if the collection has one. */
export function usesModel({ manifest }: Resources, mode: Mode): boolean {
  return mode !== "words" && manifest.vectors !== null && manifest.model !== null;
}

/** @param finds what a corrected text finds in this mode */
export async function correction(
  resources: Resources, text: string, plan: TextPlan, mode: Mode, finds: (text: string) => Promise<Finds>,
): Promise<Correction | null> {
  if (!plan.words.length) return null;
  const [catalog, collection] = await Promise.all([resources.catalog(), collectionLexicon(resources)]);
  const model = usesModel(resources, mode);
  return await correct(text, plan.words, {
    occurs: async (word) => (await catalog.withWord(word)).length > 0 || longerWords(word, await resources.foldedWords()).length > 0,
    collection,
    model: async () => {
      const words = model ? await resources.modelWords() : null;
      return words && lexiconOf(words);
    },
    spelled: async (word) => {
      const encoder = model ? resources.encoder() : null;
      if (!encoder?.ready) return false;
      // A word that is a single token was frequent in the tokenizer's training texts; misspelled words split into several.
      const [own, letter] = await Promise.all([encoder.tokenIds(word), encoder.tokenIds("a")]);
      return own.length <= letter.length;
    },
    finds,
  });
}
