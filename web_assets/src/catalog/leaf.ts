/** The rows of a phrase, or of phrases near each other: what an expression is made of. */
import type { Near, Phrase } from "./expression";
import { common, firstFrom, phrasePlaces, wordTimes, type Places } from "./places";
import type { Terms } from "./terms";

/** What is read: only which rows match, how many times as well, or also where. */
export type Detail = "rows" | "times" | "places";

/** What a leaf steps through. */
export interface LeafRows {
  /** Rows with all words, rising. */
  rows: Uint32Array;
  /** How many times each row has each phrase, in the order of rows; null if it is 1. */
  times: Uint32Array | null;
  /** How many phrases of each row were looked at before one was missing; null if always all. */
  passed: Uint32Array | null;
  /** Where the first row has each phrase, if places were read. */
  places: readonly Float64Array[];
  /** How many rows have each phrase. */
  having: readonly number[];
}

export class Leaf {
  row = 0;
  eof = false;
  /** Whether the current row has the words but does not match. */
  nomatch = false;
  /** How many times the current row has each phrase. */
  readonly current: Uint32Array;
  private at = 0;

  constructor(readonly data: LeafRows) {
    this.current = new Uint32Array(data.having.length);
  }

  first(): void {
    this.at = 0;
    this.test();
  }

  /** Goes to the next row, or to the next one that is not below `from`. */
  next(from = 0): void {
    this.at = firstFrom(this.data.rows, from, this.at + 1);
    this.test();
  }

  end(): void {
    this.eof = true;
    this.nomatch = false;
  }

  zero(): void {
    this.current.fill(0);
  }

  private test(): void {
    const { rows, times } = this.data;
    if (this.at >= rows.length) return this.end();
    this.row = rows[this.at]!;
    const { current } = this;
    const passed = this.data.passed ? this.data.passed[this.at]! : current.length;
    // SQLite stops at the first phrase that is missing: the counts of those behind it stay as they were.
    const last = Math.min(passed + 1, current.length);
    for (let i = 0; i < last; i++) current[i] = times ? times[this.at * current.length + i]! : 1;
    this.nomatch = passed < current.length || current[0] === 0;
  }
}

export async function readLeaf(terms: Terms, { phrases, columns, distance, never }: Near, detail: Detail): Promise<LeafRows> {
  if (never || columns?.size === 0) return { rows: new Uint32Array(), times: null, passed: null, places: [], having: phrases.map(() => 0) };
  const [first] = phrases as [Phrase];
  if (phrases.length === 1 && first.terms.length === 1 && !columns && !first.first && detail !== "places") {
    const { rows, times } = await wordTimes(terms, first.terms[0]!, first.prefixes[0]!, detail === "times");
    return { rows, times, passed: null, places: [], having: [rows.length] };
  }
  const lists = await Promise.all(phrases.map((phrase) => phrasePlaces(terms, phrase, columns)));
  const counts = lists.map(countsOf);
  const having = counts.map((times) => times.reduce((sum, count) => sum + Number(count > 0), 0));
  if (lists.length > 1) return { ...together(lists, phrases.map(({ terms }) => terms.length), distance), having };
  return { rows: lists[0]!.rows, times: counts[0]!, passed: null, places: [placesOf(lists[0]!, 0)], having };
}

function together(lists: readonly Places[], sizes: readonly number[], distance: number): Omit<LeafRows, "having"> {
  const rows = lists.map((list) => list.rows).reduce(common);
  const count = lists.length;
  const times = new Uint32Array(rows.length * count);
  const passed = new Uint32Array(rows.length).fill(count);
  const at = new Uint32Array(count);
  let places: Float64Array[] = [];
  rows.forEach((row, i) => {
    let found = lists.map((list, phrase) => {
      at[phrase] = firstFrom(list.rows, row, at[phrase]!);
      return placesOf(list, at[phrase]);
    });
    const missing = found.findIndex(({ length }) => !length);
    if (missing >= 0) passed[i] = missing;
    else found = close(found, sizes, distance).map((list) => Float64Array.from(list));
    found.forEach(({ length }, phrase) => { times[i * count + phrase] = length; });
    if (!i) places = found;
  });
  return { rows, times, passed, places };
}

/** The places of each phrase that have places of all others near them, found as SQLite finds them. */
function close(lists: readonly Float64Array[], sizes: readonly number[], distance: number): number[][] {
  const found: number[][] = lists.map(() => []);
  const at = lists.map(() => 0);
  const ahead = (phrase: number) => lists[phrase]![at[phrase]! + 1] ?? Infinity;
  for (;;) {
    let last = lists[0]![at[0]!]!;
    for (let all = false; !all;) {
      all = true;
      for (let phrase = 0; phrase < lists.length; phrase++) {
        const places = lists[phrase]!;
        const least = last - sizes[phrase]! - distance;
        if (places[at[phrase]!]! >= least && places[at[phrase]!]! <= last) continue;
        all = false;
        while (places[at[phrase]!]! < least) if (++at[phrase]! >= places.length) return found;
        last = Math.max(last, places[at[phrase]!]!);
      }
    }
    lists.forEach((places, phrase) => {
      const place = places[at[phrase]!]!;
      if (found[phrase]!.at(-1) !== place) found[phrase]!.push(place);
    });
    let advanced = 0;
    for (let phrase = 1; phrase < lists.length; phrase++) if (ahead(phrase) < ahead(advanced)) advanced = phrase;
    if (++at[advanced]! >= lists[advanced]!.length) return found;
  }
}

function countsOf({ rows, starts }: Places): Uint32Array {
  return rows.map((_, i) => starts[i + 1]! - starts[i]!);
}

function placesOf({ starts, places }: Places, i: number): Float64Array {
  return places.subarray(starts[i], starts[i + 1]);
}
