/** Turning SQLite's marked text back into pieces of the original text. */
import type { Located } from "./analysis";

/**
 * `original` cut at the marks of `marked`: alternating plain and matched pieces, starting with a plain one.
 * @param marked `located.stored` with marks
 */
export function cut(original: string, located: Located, marked: string, open: string, close: string): string[] {
  const matched: [from: number, to: number][] = [];
  let at = 0;
  let from = 0;
  for (const character of marked) {
    if (character === open) from = at;
    else if (character === close) matched.push([located.starts[from]!, located.ends[at - 1]!]);
    else at += character.length;
  }
  const pieces = [""];
  let end = 0;
  for (const [start, stop] of matched.filter(([start, stop]) => stop > start).sort((a, b) => a[0] - b[0])) {
    // Pieces at odd places are matched. A match that begins inside the last one, or directly behind it, continues it.
    if (start <= end && pieces.length > 1) {
      pieces[pieces.length - 2] += original.slice(end, Math.max(end, stop));
    } else {
      pieces[pieces.length - 1] = original.slice(end, start);
      pieces.push(original.slice(start, stop), "");
    }
    end = Math.max(end, stop);
  }
  pieces[pieces.length - 1] = original.slice(end);
  return pieces.length > 1 && !pieces.at(-1) ? pieces.slice(0, -1) : pieces;
}
