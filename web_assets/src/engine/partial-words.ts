/** Plain words when a part of full text cannot be loaded: the words that can be read are searched (docs/QUERY.md, "Meaning", 5). */
import type { FullText } from "../catalog/index";
import { FormatError, LoadError } from "../format/index";
import { SHOWN_TEXT, SHOWN_TEXTS } from "./notices";
import type { Notice } from "./types";

/** What the words arm left out, because it could not be loaded. */
export interface Missing {
  /** Words of the query. */
  words: readonly string[];
  /** Whether words inside longer words were left out. */
  parts: boolean;
  /** Whether rows with the words as typed are not before the others. */
  typed: boolean;
}

/** Whether a file is damaged or cannot be loaded. */
export function isLoadFailure(error: unknown): boolean {
  return error instanceof LoadError || error instanceof FormatError;
}

/** Those of `words` whose lists can be loaded. */
export async function readableWords(text: FullText, words: readonly string[]): Promise<string[]> {
  const readable = await Promise.all(words.map(async (word) => {
    try {
      await text.withWord(word);
      return true;
    } catch (error) {
      if (!isLoadFailure(error)) throw error;
      return false;
    }
  }));
  return words.filter((_, i) => readable[i]);
}

/** The notice about what was left out; none if it is nothing. */
export function missingNotice({ words, parts, typed }: Missing): Notice[] {
  const effects: string[] = [];
  if (words.length) effects.push(`${list(words)} ${words.length === 1 ? "was" : "were"} not searched`);
  if (parts) effects.push("words inside longer words were not searched");
  if (typed) effects.push("results with the exact spelling are not first");
  if (!effects.length) return [];
  return [{ kind: "info", message: `Part of the full text could not be loaded, so ${effects.join(", and ")}.`, retry: true }];
}

/** The first words, and how many others there are. */
function list(words: readonly string[]): string {
  const named = words.slice(0, SHOWN_TEXTS).map((word) => `“${[...word].slice(0, SHOWN_TEXT).join("")}”`);
  const others = words.length - named.length;
  if (others) named.push(`${others} other ${others === 1 ? "word" : "words"}`);
  const last = named.pop()!;
  return named.length ? `${named.join(", ")} and ${last}` : last;
}
