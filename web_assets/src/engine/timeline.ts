/**
 * The dates of a list that is ordered by them: how many results begin on each day. A script of its own, which only such lists need: it
 * must not import what the rest of the engine uses.
 */
import type { Column } from "../format/columns";
import type { ColumnSource } from "./column-source";
import type { Mask } from "./mask";
import type { TimelineOptions } from "./methods";
import type { Resources } from "./resources";
import type { Answer, SearchRequest, Timeline } from "./types";

const DAY = 86_400;
/** How long (s) a date of a month and one of a year last at least. */
const [MONTH, YEAR] = [28 * DAY, 365 * DAY];
/** Of so few rows the documents may cost less than the column. */
const FEW = 1000;
/** The place of a date among those of its day: the order of dates that begin together is that of their ends. */
const [MIDNIGHT, WHOLE_MONTH, WHOLE_YEAR, LATER] = [0, 1, 2, 3];

/** The most results that the timeline of a search has: one with words or pictures, or one whose results are objects. */
const MOST_LISTED = 100_000;

/** Null if the field has no dates, if they have too many bytes, or if there are too many objects. `current` gives the rows of a search without an order. */
export async function timeline(
  field: string, { most = Infinity, ...options }: TimelineOptions, resources: Resources,
  search: (request: SearchRequest) => Promise<Answer>, current: (request: SearchRequest) => Promise<Mask | null>,
): Promise<Timeline | null> {
  const source = await resources.columnSource(field);
  if (resources.field(field).type !== "date" || source.bytes > most) return null;
  const request: SearchRequest = { ...options, mode: options.mode ?? "all" };
  const { text, like, embeddings, sort, byObject } = request;
  const folded = byObject && resources.manifest.objects;
  if (folded && resources.count > MOST_LISTED) return null;
  // Which page stands for an object is known by a search only.
  const searched = folded || text?.trim() || like?.length || embeddings?.length;
  const rows = searched
    ? (await search({ ...request, offset: 0, k: Math.min(MOST_LISTED, resources.count) })).results.map(({ row }) => row)
    : rowsIn(await current(request), resources.count);
  return await timelineOf(source, rows, sort?.direction !== "ascending", sort ? Infinity : resources.published);
}

function rowsIn(mask: Mask | null, count: number): number[] | null {
  if (!mask) return null;
  const rows: number[] = [];
  for (let row = 0; row < count; row++) if (mask[row >> 3]! & (1 << (row & 7))) rows.push(row);
  return rows;
}

/**
 * @param rows of the list, in any order; null for all
 * @param descending whether the list begins with the latest date
 * @param published rows from this number on stand before the others, whatever their date
 */
export async function timelineOf(source: ColumnSource, rows: ArrayLike<number> | null, descending: boolean, published: number): Promise<Timeline> {
  const found = new Map<number, number>();
  let [added, undated] = [0, 0];
  const use = (column: Column, place: number, row: number): void => {
    if (column.kind !== "number") return;
    const start = column.values[place]!;
    if (row >= published) added++;
    else if (Number.isNaN(start)) undated++;
    else {
      const key = keyOf(start, column.lengths?.[place] ?? 0);
      found.set(key, (found.get(key) ?? 0) + 1);
    }
  };
  const sorted = rows && Uint32Array.from(rows).sort();
  const picked = sorted && sorted.length <= FEW ? source.pick(sorted) : null;
  if (picked) {
    const column = await picked;
    sorted!.forEach((row, place) => { use(column, place, row); });
  } else {
    await Promise.all(source.blocks.map(async ({ first, count }, number) => {
      const [from, to] = sorted ? [placeOf(sorted, first), placeOf(sorted, first + count)] : [first, first + count];
      if (from === to) return;
      const column = await source.block(number);
      for (let i = from; i < to; i++) {
        const row = sorted ? sorted[i]! : i;
        use(column, row - first, row);
      }
    }));
  }
  return { added, ...inOrder(found, descending), undated };
}

/** A whole number that rises as the dates do. */
function keyOf(start: number, length: number): number {
  const day = Math.floor(start / DAY);
  return 4 * day + (start > day * DAY ? LATER : length >= YEAR ? WHOLE_YEAR : length >= MONTH ? WHOLE_MONTH : MIDNIGHT)!;
}

/** How many of the rising numbers are below a limit. */
function placeOf(rising: Uint32Array, limit: number): number {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function inOrder(found: ReadonlyMap<number, number>, descending: boolean): Pick<Timeline, "days" | "precisions" | "counts"> {
  const keys = Int32Array.from(found.keys()).sort();
  if (descending) keys.reverse();
  const [days, precisions, counts] = [new Int32Array(keys.length), new Uint8Array(keys.length), new Uint32Array(keys.length)];
  let length = 0;
  for (const key of keys) {
    const [day, precision] = [key >> 2, (key & 3) === LATER ? 0 : key & 3];
    // What begins at midnight and what begins later are one day, unless a month or a year lies between them.
    if (!length || days[length - 1] !== day || precisions[length - 1] !== precision) {
      days[length] = day;
      precisions[length++] = precision;
    }
    counts[length - 1]! += found.get(key)!;
  }
  return { days: days.slice(0, length), precisions: precisions.slice(0, length), counts: counts.slice(0, length) };
}
