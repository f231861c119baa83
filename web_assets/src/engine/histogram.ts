/**
 * Counting the numbers or dates of a field in bins (docs/QUERY.md, "Counts"). A script of its own, which few visitors need: it must
 * not import what the rest of the engine uses.
 */
import type { Histogram } from "./types";

const MOST_BINS = 1000;

/** Gives all values that are counted, one after the other. */
type Values = (use: (value: number) => void) => Promise<void>;

/**
 * How many of the values are in each bin: from an edge up to, but without, the next; the last bin ends with its own edge.
 * @param scale makes a count of the values an estimate for all rows; null: the counts are exact
 * @throws RangeError for edges that are not 2 to 1,001 rising numbers
 */
export async function histogramOf(edges: readonly number[], each: Values, scale: ((count: number) => number) | null): Promise<Histogram> {
  if (edges.length < 2 || edges.length > MOST_BINS + 1 || !edges.every((edge, i) => Number.isFinite(edge) && (!i || edge > edges[i - 1]!))) {
    throw new RangeError("The edges of a histogram must be 2 to 1,001 rising numbers.");
  }
  const counts = new Array<number>(edges.length - 1).fill(0);
  let whole = true;
  await each((value) => {
    whole &&= Number.isInteger(value);
    const bin = binOf(edges, value);
    if (bin >= 0) counts[bin]!++;
  });
  return scale ? { counts: counts.map(scale), whole, about: true } : { counts, whole };
}

/** The bin of a value; −1 if it is in none. */
function binOf(edges: readonly number[], value: number): number {
  let [low, high] = [0, edges.length - 1];
  if (!(value >= edges[0]! && value <= edges[high]!)) return -1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (edges[middle]! <= value) low = middle;
    else high = middle;
  }
  return low;
}
