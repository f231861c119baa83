/**
 * Rows by the words they have: SQLite's bm25 with equal weights, computed from postings.
 *
 * The lists of rows are read whole, so totals are exact. The tokens of a row are read only if the row may be among the first ones.
 * That is known from bounds: no row gets more from a word than its times allow in the shortest possible text, and a row that is not among
 * the stored best rows of a word gets no more from it than the last of them. This is the idea of MaxScore (Turtle and Flood, 1995).
 */
import { gain, rarity } from "./bm25";
import type { Counts } from "./counts";
import { emptyScored, lowest, NO_ROWS, nthLowest, type Ordered, type Scored } from "./ordered";
import { firstFrom } from "./places";
import type { Sized, Terms } from "./terms";

export interface Ranked {
  /** Rows with all words. */
  strict: Ordered;
  /** Rows with only some of them. */
  others: Ordered;
}

/** How rows may be ranked. */
export interface Ranks {
  /** The counts of all tables that are ranked together. */
  counts: Counts;
  /** Whether a row may be a result; null allows all. */
  allowed: ((row: number) => boolean) | null;
  /** The weight of a word that `having` rows have, for the shares. */
  weigh: (having: number) => number;
  /** Whether the counts are those of this table alone, for which its best rows were chosen. */
  alone: boolean;
}

/** One word of a query in this table. */
interface Word {
  rows: Uint32Array;
  times: ArrayLike<number>;
  /** Whether no word before it is the same term. */
  distinct: boolean;
  weight: number;
  share: number;
  /** The most that it gives to a row that is not one of its best ones, for a weight of 1. */
  most: number;
}

/** @param words the term of each word; several may be the same */
export async function rankWords(terms: Terms, words: readonly string[], ranks: Ranks): Promise<Ranked> {
  const [only] = words;
  const best = words.length === 1 && ranks.alone && !ranks.allowed ? await terms.best(only!) : null;
  if (best) return { strict: new OneWord(terms, only!, best, ranks), others: NO_ROWS };
  return await readAll(terms, words, ranks);
}

async function readAll(terms: Terms, names: readonly string[], ranks: Ranks): Promise<Ranked> {
  const { counts, allowed, weigh } = ranks;
  const words = await Promise.all(names.map(async (name, i): Promise<Word> => {
    const [rows, times, best] = await Promise.all([terms.rows(name), terms.times(name), ranks.alone ? terms.best(name) : null]);
    const having = counts.having[i]!;
    const most = best ? leastGain(best, counts.size / counts.rows) : Infinity;
    return { rows, times, distinct: names.indexOf(name) === i, weight: rarity(counts.rows, having), share: weigh(having), most };
  }));
  const found = new Uint8Array(roomOf(words));
  const touched = new Uint32Array(words.reduce((sum, { rows }) => sum + rows.length, 0));
  let length = 0;
  for (const { rows } of words) {
    for (const row of rows) {
      if (!found[row]) {
        if (allowed && !allowed(row)) continue;
        touched[length++] = row;
      }
      found[row]!++;
    }
  }
  const rows = touched.subarray(0, length);
  const having = (all: boolean) => rows.filter((row) => (found[row] === words.length) === all);
  const part = (some: Uint32Array) => new SomeRows(some, terms, names, words, ranks);
  return { strict: part(having(true)), others: part(having(false)) };
}

/** The rows of one word: the first ones are known from its best rows. */
class OneWord implements Ordered {
  readonly length: number;
  private whole: Promise<Ranked> | null = null;

  constructor(private readonly terms: Terms, private readonly term: string, private readonly best: Sized, private readonly ranks: Ranks) {
    this.length = ranks.counts.having[0]!;
  }

  rows(): Promise<Uint32Array> {
    return this.terms.rows(this.term);
  }

  async first(count: number): Promise<Scored> {
    const { counts } = this.ranks;
    const { rows, times, sizes } = this.best;
    if (count > rows.length && rows.length < this.length) {
      this.whole ??= readAll(this.terms, [this.term], this.ranks);
      return await (await this.whole).strict.first(count);
    }
    const weight = rarity(counts.rows, this.length);
    const ranks = Float64Array.from(rows, (_, i) => -gain(weight, times[i]!, sizes[i]!, counts.size / counts.rows));
    const places = lowest(ranks, rows, count);
    return { rows: places.map((i) => rows[i]!), ranks: Float64Array.from(places, (i) => ranks[i]!), shares: new Float64Array(places.length).fill(1) };
  }
}

class SomeRows implements Ordered {
  readonly length: number;
  private known: Scored = emptyScored(0);

  constructor(
    private readonly all: Uint32Array, private readonly terms: Terms, private readonly names: readonly string[],
    private readonly words: readonly Word[], private readonly how: Ranks,
  ) {
    this.length = all.length;
  }

  rows(): Promise<Uint32Array> {
    return Promise.resolve(this.all);
  }

  async first(count: number): Promise<Scored> {
    const length = Math.min(count, this.length);
    if (this.known.rows.length < length) this.known = await this.find(length);
    const { rows, ranks, shares } = this.known;
    return { rows: rows.subarray(0, length), ranks: ranks.subarray(0, length), shares: shares.subarray(0, length) };
  }

  private async find(count: number): Promise<Scored> {
    if (count === this.length) {
      await this.terms.lengths(this.all, this.names);
      return this.scored(this.bounds().ranks, count);
    }
    let { ranks, sizes } = this.bounds();
    // First the rows that may be the best ones. `count` of them are known then, and only rows that may be before the last of these can be results.
    if (await this.read(ranks, sizes, nthLowest(ranks, count))) ({ ranks, sizes } = this.bounds());
    const last = nthLowest(ranks.filter((_, i) => sizes[i]), count);
    if (await this.read(ranks, sizes, last)) ({ ranks } = this.bounds());
    return this.scored(ranks, count);
  }

  /** Reads the tokens of the rows whose bounds are not above `last`; false if all of them are known. */
  private async read(bounds: Float64Array, sizes: Uint32Array, last: number): Promise<boolean> {
    const rows = this.all.filter((_, i) => !sizes[i] && bounds[i]! <= last);
    if (rows.length) await this.terms.lengths(rows, this.names);
    return rows.length > 0;
  }

  /** The bm25 of each row if its tokens are known, otherwise a number that is not above it. */
  private bounds(): { ranks: Float64Array; sizes: Uint32Array } {
    const sizes = this.terms.knownLengths(this.all);
    const places = new Uint32Array(roomOf(this.words));
    this.all.forEach((row, i) => { places[row] = i + 1; });
    const shortest = sizes.slice();
    const visit = ({ rows, times }: Word, use: (place: number, times: number) => void) => {
      for (let i = 0; i < rows.length; i++) if (places[rows[i]!]) use(places[rows[i]!]! - 1, times[i]!);
    };
    // A text is not shorter than the words that are in it.
    for (const word of this.words) if (word.distinct) visit(word, (place, times) => { if (!sizes[place]) shortest[place]! += times; });
    const ranks = new Float64Array(this.length);
    this.words.forEach((word) => {
      visit(word, (place, times) => {
        const given = gain(word.weight, times, shortest[place]!, this.meanSize);
        ranks[place]! -= sizes[place] ? given : Math.min(given, word.weight * word.most);
      });
    });
    return { ranks, sizes };
  }

  private scored(ranks: Float64Array, count: number): Scored {
    const places = lowest(ranks, this.all, count);
    const rows = places.map((i) => this.all[i]!);
    const total = this.words.reduce((sum, { share }) => sum + share, 0);
    const shares = Float64Array.from(rows, (row) => this.words.reduce((sum, word) => sum + (includes(word.rows, row) ? word.share : 0), 0) / total);
    return { rows, ranks: Float64Array.from(places, (i) => ranks[i]!), shares };
  }

  private get meanSize(): number {
    return this.how.counts.size / this.how.counts.rows;
  }
}

/** What a word gives to the last of its best rows, for a weight of 1. */
function leastGain({ rows, times, sizes }: Sized, mean: number): number {
  return rows.reduce((least, _, i) => Math.min(least, gain(1, times[i]!, sizes[i]!, mean)), Infinity);
}

function roomOf(words: readonly Word[]): number {
  return Math.max(0, ...words.map(({ rows }) => (rows[rows.length - 1] ?? -1) + 1));
}

function includes(rows: Uint32Array, row: number): boolean {
  return rows[firstFrom(rows, row, 0)] === row;
}
