/** Counting the values of a column among some rows. */
import { numberAt, type Column, type FieldType } from "../format/index";
import { has, type Mask } from "./mask";
import type { FacetCount } from "./types";

/**
 * The most frequent values among the rows of `mask` (all rows if null), at most `limit`, most frequent first.
 * Numbers count by value, dates by year; both are texts a filter of kind `any` takes.
 */
export function facetCounts(column: Column, type: FieldType, mask: Mask | null, limit: number): FacetCount[] {
  return (column.kind === "number" ? countNumbers(column, type, mask) : countCodes(column, mask)).slice(0, limit);
}

function countCodes(column: Exclude<Column, { kind: "number" }>, mask: Mask | null): FacetCount[] {
  const counts = new Uint32Array(column.values.length);
  for (let row = 0; row < column.count; row++) {
    if (mask && !has(mask, row)) continue;
    if (column.kind === "category") {
      const code = column.codes[row]!;
      if (code !== column.missing) counts[code]!++;
    } else {
      for (let i = column.offsets[row]!; i < column.offsets[row + 1]!; i++) counts[column.codes[i]!]!++;
    }
  }
  // The values already are in the order that breaks ties.
  return Array.from(counts.keys())
    .filter((code) => counts[code])
    .sort((a, b) => counts[b]! - counts[a]! || a - b)
    .map((code) => ({ value: column.values[code]!, count: counts[code]! }));
}

function countNumbers(column: Extract<Column, { kind: "number" }>, type: FieldType, mask: Mask | null): FacetCount[] {
  const counts = new Map<number, number>();
  for (let row = 0; row < column.count; row++) {
    if (mask && !has(mask, row)) continue;
    const value = numberAt(column, row);
    if (Number.isNaN(value)) continue;
    const key = type === "date" ? new Date(value * 1000).getUTCFullYear() : value;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const label = (key: number) => (type === "date" ? String(key).padStart(4, "0") : String(key));
  return [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([key, count]) => ({ value: label(key), count }));
}
