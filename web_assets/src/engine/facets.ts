/** Counting the values of a field among some rows (docs/QUERY.md, "Counts"). The twin is builder/imagedb_site/query/facets.py. */
import { numberAt, type Column, type FieldDefinition, type FieldType, type ValueCount } from "../format/index";
import type { ColumnSource, ColumnValues, Span } from "./column-source";
import { QueryError } from "./errors";
import { eachOf } from "./files";
import { countMask, fullMask, has, rowsOf, type Mask } from "./mask";
import { compareCodePoints, parents } from "./query/index";
import { countedRows } from "./runs";
import type { FacetCount } from "./types";

/** Paths are counted down to this level. */
const MAX_LEVELS = 32;
/** The most rows whose values may come from their documents. */
const MOST_PICKED = 1000;

type Field = Pick<FieldDefinition, "name" | "type" | "separator">;
type Texts = Exclude<Column, { kind: "number" }>;

/** Numbers of rows by value; the keys are texts, numbers or years. */
class Counts<Key> {
  readonly rows = new Map<Key, number>();
  /** Paths that have others below them. */
  readonly deeper = new Set<Key>();

  add(key: Key, count: number): void {
    this.rows.set(key, (this.rows.get(key) ?? 0) + count);
  }
}

/**
 * The most frequent values among the rows of `mask` (all rows if null), at most `limit`, most frequent first, ties in code-point order.
 * Numbers count by value, dates by year; both are texts a filter of kind `any` takes. In a field of paths every parent is counted
 * too, with all that lies below it; with `under`, only the paths directly below a path, or the first level if it is empty.
 * @param exact whether nothing is estimated
 */
export async function facetCounts(source: ColumnSource, field: Field, mask: Mask | null, limit: number, under?: string, exact = false): Promise<FacetCount[]> {
  const { name, type, separator } = field;
  if (under !== undefined && separator === undefined) {
    throw new QueryError(`The values of “${name}” are not paths, so none lies under another.`);
  }
  const matched = mask ? countMask(mask) : source.count;
  if (matched === source.count && source.values && !(separator !== undefined && type === "tags")) {
    return await ofAll(source.values, separator, limit, under);
  }
  const chosen = exact ? mask : countedRows(mask ?? fullMask(source.count), source.count, type === "tags");
  const taken = chosen ? countMask(chosen) : matched;
  // The nearest whole number, in integers, so that every implementation gives the same.
  const whole = (count: number) => Math.floor((2 * count * matched + taken) / (2 * taken));
  const about = taken < matched ? { about: true as const } : {};
  if (type === "number" || type === "date") {
    const counts = await countBlocks<number>(source, chosen, (column, has, counts) => { if (column.kind === "number") countNumbers(column, type, has, counts); });
    const label = (key: number) => (type === "date" ? String(key).padStart(4, "0") : String(key));
    return [...counts.rows].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, limit).map(([key, count]) => ({ value: label(key), count: whole(count), ...about }));
  }
  const counts = await countBlocks<string>(source, chosen, (column, has, counts) => {
    if (column.kind === "number") return;
    if (separator === undefined) countCodes(column, has, counts);
    else countPaths(column, separator, has, under, counts);
  });
  return ranked(counts, limit).map((line) => ({ ...line, count: whole(line.count), ...about }));
}

/** The counts in the whole collection, without its blocks. */
async function ofAll(values: ColumnValues, separator: string | undefined, limit: number, under: string | undefined): Promise<FacetCount[]> {
  if (separator === undefined) return (await values.top(limit)).slice(0, limit).map(({ value, count }) => ({ value, count }));
  const counts = new Counts<string>();
  for (const { value, count } of await values.all()) {
    const paths = parents(value, separator).slice(0, MAX_LEVELS);
    for (const path of counted(paths, separator, under)) {
      counts.add(path, count);
      if (path !== paths.at(-1)) counts.deeper.add(path);
    }
  }
  return ranked(counts, limit);
}

function ranked({ rows, deeper }: Counts<string>, limit: number): FacetCount[] {
  const lines: ValueCount[] = Array.from(rows, ([value, count]) => ({ value, count }));
  return lines.sort((a, b) => b.count - a.count || compareCodePoints(a.value, b.value)).slice(0, limit)
    .map((line) => (deeper.has(line.value) ? { ...line, parent: true as const } : line));
}

type Has = (row: number) => boolean;

/** Counts in the blocks that have rows of the mask, or in the documents of a few rows. `Has` takes the row numbers of the block. */
async function countBlocks<Key>(source: ColumnSource, mask: Mask | null, count: (column: Column, has: Has, counts: Counts<Key>) => void): Promise<Counts<Key>> {
  const counts = new Counts<Key>();
  await eachBlock(source, mask, (column, has) => { count(column, has, counts); });
  return counts;
}

/** Calls `use` for the blocks that have rows of the mask, or for the documents of a few rows. */
async function eachBlock(source: ColumnSource, mask: Mask | null, use: (column: Column, has: Has) => void): Promise<void> {
  const picked = mask && countMask(mask) <= MOST_PICKED ? source.pick(rowsOf(mask)) : null;
  if (picked) {
    use(await picked, () => true);
    return;
  }
  const places = source.blocks.flatMap((span, place) => (!mask || touches(mask, span) ? [place] : []));
  await eachOf(places, async (place) => {
    const { first } = source.blocks[place]!;
    use(await source.block(place), mask ? (row) => has(mask, first + row) : () => true);
  });
}

function touches(mask: Mask, { first, count }: Span): boolean {
  for (let row = first; row < first + count; row++) {
    if (has(mask, row)) return true;
    if (!(row & 7) && !mask[row >> 3]) row += 7;
  }
  return false;
}

/** How many rows have each path or one below it. */
function countPaths(column: Texts, separator: string, has: Has, under: string | undefined, counts: Counts<string>): void {
  const numbers = new Map<string, number>();
  const lists = column.values.map((value) => {
    const paths = parents(value, separator).slice(0, MAX_LEVELS);
    return counted(paths, separator, under).map((path) => {
      if (path !== paths.at(-1)) counts.deeper.add(path);
      return numbers.get(path) ?? numbers.set(path, numbers.size).size - 1;
    });
  });
  const found = new Uint32Array(numbers.size);
  // The last row that was counted for each path, plus 1: a row with two paths below a parent counts once for it.
  const last = new Uint32Array(numbers.size);
  const add = (code: number, row: number): void => {
    for (const number of lists[code] ?? []) {
      if (last[number] === row + 1) continue;
      last[number] = row + 1;
      found[number]!++;
    }
  };
  for (let row = 0; row < column.count; row++) {
    if (!has(row)) continue;
    if (column.kind === "category") add(column.codes[row]!, row);
    else for (let i = column.offsets[row]!; i < column.offsets[row + 1]!; i++) add(column.codes[i]!, row);
  }
  for (const [path, number] of numbers) if (found[number]) counts.add(path, found[number]!);
}

/** The paths that a value counts for: itself and its parents, or the one directly below `under`. */
function counted(paths: readonly string[], separator: string, under: string | undefined): readonly string[] {
  if (under === undefined) return paths;
  const parent = parents(under, separator).at(-1);
  if (parent === undefined) return paths.slice(0, 1);
  const at = paths.indexOf(parent);
  return at < 0 ? [] : paths.slice(at + 1, at + 2);
}

function countCodes(column: Texts, has: Has, counts: Counts<string>): void {
  const found = new Uint32Array(column.values.length);
  for (let row = 0; row < column.count; row++) {
    if (!has(row)) continue;
    if (column.kind === "category") {
      const code = column.codes[row]!;
      if (code !== column.missing) found[code]!++;
    } else {
      for (let i = column.offsets[row]!; i < column.offsets[row + 1]!; i++) found[column.codes[i]!]!++;
    }
  }
  found.forEach((count, code) => { if (count) counts.add(column.values[code]!, count); });
}

function countNumbers(column: Extract<Column, { kind: "number" }>, type: FieldType, has: Has, counts: Counts<number>): void {
  for (let row = 0; row < column.count; row++) {
    const value = has(row) ? numberAt(column, row) : NaN;
    if (!Number.isNaN(value)) counts.add(type === "date" ? new Date(value * 1000).getUTCFullYear() : value, 1);
  }
}

/** The numbers of the rows of `mask` that are counted, and how a count of them becomes an estimate; null if all are counted. */
export function counting(source: ColumnSource, mask: Mask | null): { each: (use: (value: number) => void) => Promise<void>; scale: ((count: number) => number) | null } {
  const chosen = countedRows(mask ?? fullMask(source.count), source.count, false);
  const [matched, taken] = [mask ? countMask(mask) : source.count, countMask(chosen)];
  return {
    each: (use) => eachBlock(source, chosen, (column, has) => {
      for (let row = 0; column.kind === "number" && row < column.count; row++) {
        const value = has(row) ? numberAt(column, row) : NaN;
        if (!Number.isNaN(value)) use(value);
      }
    }),
    scale: taken < matched ? (count) => Math.floor((2 * count * matched + taken) / (2 * taken)) : null,
  };
}
