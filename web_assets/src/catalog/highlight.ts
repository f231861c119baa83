/** Cutting a text at what is highlighted. */
import type { Located } from "./analysis";

/**
 * `original` cut at ranges of its stored form: alternating plain and matched pieces, starting with a plain one.
 * @param ranges from and to, in units of `located.stored`
 */
export function cut(original: string, located: Located, ranges: readonly (readonly [from: number, to: number])[]): string[] {
  const matched = ranges.map(([from, to]): [number, number] => [located.starts[from]!, located.ends[to - 1]!]);
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
