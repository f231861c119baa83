/** Why a picture was found, in a few words. Pure. */
import type { Result } from "../../engine/types";

/** The parts of the badge: ranks count from 1, similarity is the cosine. */
export function why({ ranks, matched = [], similarity }: Result): string[] {
  const parts: string[] = [];
  if (ranks?.meaning !== undefined) parts.push(`Meaning #${String(ranks.meaning + 1)}`);
  if (ranks?.words !== undefined) {
    parts.push(`Words #${String(ranks.words + 1)}` + (matched.length ? `: ${matched.join(", ")}` : ""));
  }
  if (similarity !== undefined) parts.push(`similarity ${similarity.toFixed(2)}`);
  return parts;
}
