/** Rows in the order of bm25, of which only as many are ranked as somebody asks for. */

/** Rows in order, with the bm25 of each and its share of the words (0 … 1). */
export interface Scored {
  rows: Uint32Array;
  ranks: Float64Array;
  shares: Float64Array;
}

export interface Ordered {
  readonly length: number;
  /** All rows, in any order. May load files. */
  rows(): Promise<Uint32Array>;
  /** The first rows: the lowest bm25 first, ties by row. May load files. */
  first(count: number): Promise<Scored>;
}

/** The rows of two tables, or of two parts of one, in one order. The rows of `b` are counted from `first` on. */
export function merged(a: Ordered, b: Ordered, first = 0): Ordered {
  return {
    length: a.length + b.length,
    rows: async () => {
      const [left, right] = await Promise.all([a.rows(), b.rows()]);
      const rows = new Uint32Array(left.length + right.length);
      rows.set(left);
      right.forEach((row, i) => { rows[left.length + i] = first + row; });
      return rows;
    },
    first: async (count) => {
      const [left, right] = await Promise.all([a.first(Math.min(count, a.length)), b.first(Math.min(count, b.length))]);
      const length = Math.min(count, left.rows.length + right.rows.length);
      const found = emptyScored(length);
      for (let at = 0, i = 0, j = 0; at < length; at++) {
        const other = first + (right.rows[j] ?? 0);
        const order = i === left.rows.length ? 1 : j === right.rows.length ? -1 : left.ranks[i]! - right.ranks[j]! || left.rows[i]! - other;
        const [from, place] = order < 0 ? [left, i++] : [right, j++];
        found.rows[at] = order < 0 ? from.rows[place]! : other;
        found.ranks[at] = from.ranks[place]!;
        found.shares[at] = from.shares[place]!;
      }
      return found;
    },
  };
}

export function emptyScored(length: number): Scored {
  return { rows: new Uint32Array(length), ranks: new Float64Array(length), shares: new Float64Array(length) };
}

export const NO_ROWS: Ordered = { length: 0, rows: () => Promise.resolve(new Uint32Array()), first: () => Promise.resolve(emptyScored(0)) };

/** The places of the `count` lowest ranks in their order, ties by row. */
export function lowest(ranks: Float64Array, rows: Uint32Array, count: number): Uint32Array {
  const limit = count < ranks.length ? nthLowest(ranks, count) : Infinity;
  const places: number[] = [];
  for (let place = 0; place < ranks.length; place++) if (ranks[place]! <= limit) places.push(place);
  return Uint32Array.from(places).sort((a, b) => ranks[a]! - ranks[b]! || rows[a]! - rows[b]!).subarray(0, count);
}

/** The `n`-th lowest of the numbers, from 1; found without sorting all of them. */
export function nthLowest(numbers: Float64Array, n: number): number {
  const some = numbers.slice();
  let [low, high] = [0, some.length - 1];
  while (low < high) {
    const pivot = some[(low + high) >> 1]!;
    let [i, j] = [low, high];
    while (i <= j) {
      while (some[i]! < pivot) i++;
      while (some[j]! > pivot) j--;
      if (i <= j) [some[i++], some[j--]] = [some[j]!, some[i]!];
    }
    if (n - 1 <= j) high = j;
    else if (n - 1 >= i) low = i;
    else break;
  }
  return some[n - 1]!;
}
