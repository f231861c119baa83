/** Rows by the words they have: SQLite's bm25 with equal weights, computed from postings. */
import { gain, rarity } from "./bm25";
import type { Counts } from "./counts";

/** The rows that have a word, rising; how many times each has it, and how many tokens each has in all. */
export interface Postings {
  rows: Uint32Array;
  times: ArrayLike<number>;
  sizes: ArrayLike<number>;
}

/** Rows in an order. Usually only the first ones are needed, so it is only sorted that far. */
export class Ordered {
  private sorted: Uint32Array | null = null;

  /**
   * @param rows in any order
   * @param ranks of each row; the lowest comes first, rows of equal rank in row order
   * @param shares which part of the words each row has
   */
  constructor(readonly rows: Uint32Array, private readonly ranks: Float64Array, private readonly shares: Float64Array) {}

  /** The rows of two tables in one order. The rows of `b` are counted from `first` on. */
  static joined(a: Ordered, b: Ordered, first: number): Ordered {
    const rows = new Uint32Array(a.length + b.length);
    rows.set(a.rows);
    b.rows.forEach((row, i) => { rows[a.length + i] = first + row; });
    return new Ordered(rows, concatenated(a.ranks, b.ranks), concatenated(a.shares, b.shares));
  }

  get length(): number {
    return this.rows.length;
  }

  /** The first rows in order, and their shares. */
  first(count: number): { rows: Uint32Array; shares: Float64Array } {
    const places = this.sorted ?? (count > this.length / 2 ? this.places() : this.best(count));
    const some = places.subarray(0, count);
    return { rows: some.map((place) => this.rows[place]!), shares: Float64Array.from(some, (place) => this.shares[place]!) };
  }

  /** All rows in order. */
  all(): Uint32Array {
    return this.places().map((place) => this.rows[place]!);
  }

  private places(): Uint32Array {
    this.sorted ??= this.sort(Uint32Array.from(this.rows.keys()));
    return this.sorted;
  }

  /** Only rows up to the rank of the last one that is needed are compared by both keys. */
  private best(count: number): Uint32Array {
    const limit = this.ranks.slice().sort()[count - 1]!;
    const places: number[] = [];
    for (let place = 0; place < this.length; place++) if (this.ranks[place]! <= limit) places.push(place);
    return this.sort(Uint32Array.from(places));
  }

  private sort(places: Uint32Array): Uint32Array {
    const { ranks, rows } = this;
    return places.sort((a, b) => ranks[a]! - ranks[b]! || rows[a]! - rows[b]!);
  }
}

function concatenated(a: Float64Array, b: Float64Array): Float64Array {
  const both = new Float64Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

export interface Ranked {
  /** Rows with all words. */
  strict: Ordered;
  /** Rows with only some of them. */
  others: Ordered;
}

/**
 * @param lists the postings of each word
 * @param counts of all tables that are ranked together
 * @param allowed whether a row may be a result
 * @param weigh the weight of a word that `having` rows have, for the shares
 */
export function rankWords(
  lists: readonly Postings[], counts: Counts, allowed: ((row: number) => boolean) | null, weigh: (having: number) => number,
): Ranked {
  const meanSize = counts.size / counts.rows;
  const room = Math.max(0, ...lists.map(({ rows }) => (rows[rows.length - 1] ?? -1) + 1));
  const [ranks, shares, words] = [new Float64Array(room), new Float64Array(room), new Uint8Array(room)];
  const touched = new Uint32Array(lists.reduce((sum, { rows }) => sum + rows.length, 0));
  let length = 0;
  let total = 0;
  lists.forEach(({ rows, times, sizes }, word) => {
    const having = counts.having[word]!;
    const weight = rarity(counts.rows, having);
    const share = weigh(having);
    total += share;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      if (allowed && !allowed(row)) continue;
      if (!words[row]) touched[length++] = row;
      words[row]!++;
      shares[row]! += share;
      ranks[row]! -= gain(weight, times[i]!, sizes[i]!, meanSize);
    }
  });
  const rows = touched.subarray(0, length);
  let all = 0;
  for (const row of rows) if (words[row] === lists.length) all++;
  const [strict, others] = [new Part(all), new Part(length - all)];
  for (const row of rows) {
    (words[row] === lists.length ? strict : others).add(row, ranks[row]!, shares[row]! / total);
  }
  return { strict: strict.ordered(), others: others.ordered() };
}

class Part {
  private readonly rows: Uint32Array;
  private readonly ranks: Float64Array;
  private readonly shares: Float64Array;
  private length = 0;

  constructor(length: number) {
    this.rows = new Uint32Array(length);
    this.ranks = new Float64Array(length);
    this.shares = new Float64Array(length);
  }

  add(row: number, rank: number, share: number): void {
    this.rows[this.length] = row;
    this.ranks[this.length] = rank;
    this.shares[this.length++] = share;
  }

  ordered(): Ordered {
    return new Ordered(this.rows, this.ranks, this.shares);
  }
}
