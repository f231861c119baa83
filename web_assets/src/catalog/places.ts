/** The rows and places of words, prefixes and phrases. */
import type { Phrase } from "./expression";
import type { Terms } from "./terms";

/** Rows in rising order with the places of each; those of row i are at `starts[i]` … `starts[i + 1] - 1`. */
export interface Places {
  rows: Uint32Array;
  starts: Uint32Array;
  /** Column · 2³² + position, so that places have an order. */
  places: Float64Array;
}

/** Rows in rising order, and how many times each matches; null if that was not asked. */
export interface Times {
  rows: Uint32Array;
  times: Uint32Array | null;
}

type Columns = ReadonlySet<number> | null;

const COLUMN = 2 ** 32;
/** How many terms of a prefix are read at the same time. */
const AT_ONCE = 32;

/** The rows that have a word, or any word with a prefix. */
export async function wordTimes(terms: Terms, word: string, prefix: boolean, counted: boolean): Promise<Times> {
  const some = prefix ? await terms.withPrefix(word) : [word];
  const read = async (term: string): Promise<Times> => {
    const [rows, times] = await Promise.all([terms.rows(term), counted ? terms.times(term) : null]);
    return { rows, times };
  };
  if (some.length === 1) return await read(some[0]!);
  const sums = new Uint32Array(terms.count);
  await each(some, async (term) => {
    const { rows, times } = await read(term);
    for (let i = 0; i < rows.length; i++) sums[rows[i]!]! += times ? times[i]! : 1;
  });
  const rows = rowsOf(sums);
  return { rows, times: counted ? rows.map((row) => sums[row]!) : null };
}

/**
 * The places at which a phrase begins. Rows that have all its terms are listed even if the phrase is at no place in them.
 * @param columns the columns that count; null for all
 */
export async function phrasePlaces(terms: Terms, phrase: Phrase, columns: Columns): Promise<Places> {
  const words = phrase.terms.map((word, at) => ({ word, prefix: phrase.prefixes[at]! }));
  let within: Uint32Array | null = null;
  if (words.length > 1) {
    for (const { word, prefix } of words) {
      const { rows }: Times = await wordTimes(terms, word, prefix, false);
      within = within ? common(within, rows) : rows;
    }
  }
  const lists = await Promise.all(words.map(async ({ word, prefix }) => {
    const found = await wordPlaces(terms, word, prefix, within);
    return columns ? inColumns(found, columns, prefix) : found;
  }));
  const all = lists.reduce((first, next, at) => joined(first, next, at));
  return phrase.first ? filtered(all, (place) => place % COLUMN === 0, false) : all;
}

async function wordPlaces(terms: Terms, word: string, prefix: boolean, within: Uint32Array | null): Promise<Places> {
  const some = prefix ? await terms.withPrefix(word) : [word];
  const lists: Places[] = [];
  await each(some, async (term) => {
    const { rows, starts, columns, positions } = await terms.occurrences(term, within);
    lists.push({ rows, starts, places: Float64Array.from(positions, (position, i) => (columns ? columns[i]! : 0) * COLUMN + position) });
  });
  return lists.length === 1 ? lists[0]! : merged(lists, terms.count);
}

/** The places of several lists together. */
function merged(lists: readonly Places[], count: number): Places {
  const next = new Uint32Array(count);
  const total = lists.reduce((sum, { rows, starts }) => {
    for (let i = 0; i < rows.length; i++) next[rows[i]!]! += starts[i + 1]! - starts[i]!;
    return sum + starts[rows.length]!;
  }, 0);
  const rows = rowsOf(next);
  const starts = new Uint32Array(rows.length + 1);
  rows.forEach((row, i) => {
    starts[i + 1] = starts[i]! + next[row]!;
    next[row] = starts[i]!;
  });
  const places = new Float64Array(total);
  for (const list of lists) {
    for (let i = 0; i < list.rows.length; i++) {
      for (let at = list.starts[i]!; at < list.starts[i + 1]!; at++) places[next[list.rows[i]!]!++] = list.places[at]!;
    }
  }
  if (lists.length > 1) rows.forEach((_, i) => { places.subarray(starts[i], starts[i + 1]).sort(); });
  return { rows, starts, places };
}

/** Places in some columns. SQLite passes over rows without any only if they come from a prefix. */
function inColumns(list: Places, columns: ReadonlySet<number>, dropped: boolean): Places {
  return filtered(list, (place) => columns.has(Math.floor(place / COLUMN)), dropped);
}

function filtered({ rows, starts, places }: Places, wanted: (place: number) => boolean, dropped: boolean): Places {
  const kept = { rows: new Uint32Array(rows.length), starts: new Uint32Array(rows.length + 1), places: new Float64Array(places.length) };
  let [length, end] = [0, 0];
  for (let i = 0; i < rows.length; i++) {
    const before = end;
    for (let at = starts[i]!; at < starts[i + 1]!; at++) if (wanted(places[at]!)) kept.places[end++] = places[at]!;
    if (dropped && end === before) continue;
    kept.rows[length] = rows[i]!;
    kept.starts[++length] = end;
  }
  return { rows: kept.rows.subarray(0, length), starts: kept.starts.subarray(0, length + 1), places: kept.places.subarray(0, end) };
}

/** Where `next` has a place that is `distance` behind one of `first`; the rows that are in both. */
function joined(first: Places, next: Places, distance: number): Places {
  const rows = common(first.rows, next.rows);
  const starts = new Uint32Array(rows.length + 1);
  const places = new Float64Array(first.places.length);
  let [i, j, end] = [0, 0, 0];
  rows.forEach((row, k) => {
    while (first.rows[i]! < row) i++;
    while (next.rows[j]! < row) j++;
    let at = next.starts[j]!;
    const last = next.starts[j + 1]!;
    for (let from = first.starts[i]!; from < first.starts[i + 1]!; from++) {
      const wanted = first.places[from]! + distance;
      while (at < last && next.places[at]! < wanted) at++;
      if (at < last && next.places[at] === wanted) places[end++] = wanted - distance;
    }
    starts[k + 1] = end;
  });
  return { rows, starts, places: places.subarray(0, end) };
}

/** The rows that are in both of two rising lists. */
export function common(a: Uint32Array, b: Uint32Array): Uint32Array {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  const found = new Uint32Array(short.length);
  let length = 0;
  let at = 0;
  for (const row of short) {
    at = firstFrom(long, row, at);
    if (long[at] === row) found[length++] = row;
  }
  return found.subarray(0, length);
}

/** The first place from `at` on whose row is not below `row`, found in growing steps. */
export function firstFrom(rows: Uint32Array, row: number, at: number): number {
  let step = 1;
  while (at + step < rows.length && rows[at + step]! < row) {
    at += step;
    step *= 2;
  }
  let end = Math.min(at + step, rows.length);
  while (at < end) {
    const middle = (at + end) >> 1;
    if (rows[middle]! < row) at = middle + 1;
    else end = middle;
  }
  return at;
}

function rowsOf(counts: Uint32Array): Uint32Array {
  const found = new Uint32Array(counts.reduce((sum, count) => sum + Number(count > 0), 0));
  let length = 0;
  for (let row = 0; row < counts.length; row++) if (counts[row]) found[length++] = row;
  return found;
}

async function each<T>(values: readonly T[], run: (value: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < values.length; at += AT_ONCE) await Promise.all(values.slice(at, at + AT_ONCE).map(run));
}
