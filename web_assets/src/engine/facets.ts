/** Counting the values of a column among some rows. */
import { numberAt, type Column, type FieldDefinition, type FieldType } from "../format/index";
import { QueryError } from "./errors";
import { has, type Mask } from "./mask";
import { compareCodePoints, parents } from "./query/index";
import type { FacetCount } from "./types";

/** Paths are counted down to this level. */
const MAX_LEVELS = 32;

/**
 * The most frequent values among the rows of `mask` (all rows if null), at most `limit`, most frequent first.
 * Numbers count by value, dates by year; both are texts a filter of kind `any` takes. In a field of paths every parent is counted
 * too, with all that lies below it; with `under`, only the paths directly below a path, or the first level if it is empty.
 */
export function facetCounts(
  column: Column, { name, type, separator }: Pick<FieldDefinition, "name" | "type" | "separator">, mask: Mask | null, limit: number, under?: string,
): FacetCount[] {
  if (under !== undefined && separator === undefined) {
    throw new QueryError(`The values of “${name}” are not paths, so none lies under another.`);
  }
  if (column.kind === "number") return countNumbers(column, type, mask).slice(0, limit);
  return (separator === undefined ? countCodes(column, mask) : countPaths(column, separator, mask, under)).slice(0, limit);
}

type Texts = Exclude<Column, { kind: "number" }>;

/** How many rows have each path or one below it. */
function countPaths(column: Texts, separator: string, mask: Mask | null, under: string | undefined): FacetCount[] {
  const numbers = new Map<string, number>();
  const deeper: boolean[] = [];
  const lists = column.values.map((value) => {
    const paths = parents(value, separator).slice(0, MAX_LEVELS);
    return counted(paths, separator, under).map((path) => {
      const number = numbers.get(path) ?? numbers.set(path, numbers.size).size - 1;
      deeper[number] ||= path !== paths.at(-1);
      return number;
    });
  });
  const counts = new Uint32Array(numbers.size);
  // The last row that was counted for each path, plus 1: a row with two paths below a parent counts once for it.
  const last = new Uint32Array(numbers.size);
  const add = (code: number, row: number): void => {
    for (const number of lists[code] ?? []) {
      if (last[number] === row + 1) continue;
      last[number] = row + 1;
      counts[number]!++;
    }
  };
  for (let row = 0; row < column.count; row++) {
    if (mask && !has(mask, row)) continue;
    if (column.kind === "category") add(column.codes[row]!, row);
    else for (let i = column.offsets[row]!; i < column.offsets[row + 1]!; i++) add(column.codes[i]!, row);
  }
  return [...numbers].filter(([, number]) => counts[number])
    .map(([value, number]) => ({ value, count: counts[number]!, ...(deeper[number] ? { parent: true as const } : {}) }))
    .sort((a, b) => b.count - a.count || compareCodePoints(a.value, b.value));
}

/** The paths that a value counts for: itself and its parents, or the one directly below `under`. */
function counted(paths: readonly string[], separator: string, under: string | undefined): readonly string[] {
  if (under === undefined) return paths;
  const parent = parents(under, separator).at(-1);
  if (parent === undefined) return paths.slice(0, 1);
  const at = paths.indexOf(parent);
  return at < 0 ? [] : paths.slice(at + 1, at + 2);
}

function countCodes(column: Texts, mask: Mask | null): FacetCount[] {
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
