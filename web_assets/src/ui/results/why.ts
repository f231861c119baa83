/** Why a picture was found, in a few words. Pure. */
import type { Result } from "../../engine/types";

/** The similarity of what has no embedding: there is nothing to say about it. */
const UNKNOWN = -1;

/** The parts of the badge: ranks count from 1. @param pictured whether the row has a picture; a record was compared by its text */
export function why({ ranks, matched = [], similarity }: Result, pictured: boolean): string[] {
  const parts: string[] = [];
  if (ranks?.meaning !== undefined) parts.push(`Meaning #${String(ranks.meaning + 1)}`);
  if (ranks?.words !== undefined) {
    parts.push(`Words #${String(ranks.words + 1)}` + (matched.length ? `: ${matched.join(", ")}` : ""));
  }
  if (similarity !== undefined && similarity !== UNKNOWN) parts.push(`${pictured ? "similarity" : "similar text"} ${similarity.toFixed(2)}`);
  return parts;
}
