/** Counting the numbers or dates of a field in bins (docs/QUERY.md, "Counts"). */
import { numberAt } from "../format/index";
import type { ColumnSource } from "./column-source";
import { QueryError } from "./errors";
import { eachBlock } from "./facets";
import { countMask, fullMask, type Mask } from "./mask";
import { countedRows } from "./runs";
import type { Histogram } from "./types";

const MOST_BINS = 1000;

/**
 * How many rows of `mask` (all rows if null) have a value in each bin: from an edge up to, but without, the next; the last one ends
 * with its own. Dates count by their first second.
 */
export async function histogramOf(source: ColumnSource, mask: Mask | null, edges: readonly number[]): Promise<Histogram> {
  if (edges.length < 2 || edges.length > MOST_BINS + 1 || !edges.every((edge, i) => Number.isFinite(edge) && (!i || edge > edges[i - 1]!))) {
    throw new QueryError(`The edges of a histogram must be 2 to ${MOST_BINS + 1} rising numbers.`);
  }
  const matched = mask ? countMask(mask) : source.count;
  const chosen = countedRows(mask ?? fullMask(source.count), source.count, false);
  const taken = countMask(chosen);
  const counts = new Array<number>(edges.length - 1).fill(0);
  let whole = true;
  await eachBlock(source, taken < source.count ? chosen : null, (column, has) => {
    if (column.kind !== "number") return;
    for (let row = 0; row < column.count; row++) {
      const value = has(row) ? numberAt(column, row) : NaN;
      if (Number.isNaN(value)) continue;
      whole &&= Number.isInteger(value);
      const bin = binOf(edges, value);
      if (bin >= 0) counts[bin]!++;
    }
  });
  if (taken === matched) return { counts, whole };
  return { counts: counts.map((count) => Math.floor((2 * count * matched + taken) / (2 * taken))), whole, about: true };
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
