/** Why a picture was found, in a few words. Pure. */
import type { Highlight, Result } from "../../engine/types";

export function whyWords(highlights: Highlight[], most = 3): string[] {
  const seen = new Map<string, string>();
  for (const { pieces } of highlights) {
    for (let i = 1; i < pieces.length; i += 2) {
      const word = pieces[i]!.trim();
      if (word) seen.set(word.toLowerCase(), seen.get(word.toLowerCase()) ?? word);
    }
  }
  return [...seen.values()].slice(0, most);
}

/** The parts of the badge: ranks count from 1, similarity is the cosine. */
export function why(result: Result, words: string[] = []): string[] {
  const parts: string[] = [];
  const { ranks, similarity } = result;
  if (ranks?.meaning !== undefined) parts.push(`Meaning #${String(ranks.meaning + 1)}`);
  if (ranks?.words !== undefined) {
    parts.push(`Words #${String(ranks.words + 1)}` + (words.length ? `: ${words.join(", ")}` : ""));
  }
  if (similarity !== undefined) parts.push(`similarity ${similarity.toFixed(2)}`);
  return parts;
}
