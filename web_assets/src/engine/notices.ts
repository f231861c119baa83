/** Messages to the person who searches that several parts of the engine use. */
import type { Mode, Notice } from "./types";

/** The largest number of texts that a notice names, and of characters that it shows of each. */
export const SHOWN_TEXTS = 3;
export const SHOWN_TEXT = 40;

export const NOTHING_TO_SEARCH = "This query contains nothing to search for.";

/** The notice about texts of a query that the model does not know. */
export function unknownText(texts: readonly string[], mode: Mode): Notice[] {
  if (!texts.length) return [];
  const found = mode === "meaning" ? "the pictures were not searched for it" : "only the text of the pictures was searched for it";
  return [{ kind: "unknown-text", message: `The model does not know ${named(texts)}, so ${found}.` }];
}

/** The notice about texts whose language or script the model does not know. */
export function guessedText(texts: readonly string[]): Notice[] {
  if (!texts.length) return [];
  return [{
    kind: "unknown-text",
    message: `The model seems not to know the words of ${named(texts)}, so what looks similar is only a guess. Other words, or another language, may find more.`,
  }];
}

function named(texts: readonly string[]): string {
  return texts.slice(0, SHOWN_TEXTS).map((text) => `“${[...text].slice(0, SHOWN_TEXT).join("")}”`).join(", ");
}
