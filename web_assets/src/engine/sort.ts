/** Orders other than relevance, without an object per row. */
import { lengthAt, numberAt, type CategoryColumn, type Column, type NumberColumn } from "../format/index";
import { QueryError } from "./errors";
import { compareCodePoints, fold } from "./query/index";

/** How many of the most relevant results are sorted if the ranking has no end. */
export const SORT_POOL = 500;

/** Numbers of `BITS` bits are counted in one pass. */
const BITS = 11;
const DIGIT = 2 ** BITS - 1;

/**
 * The places of `rows` in the order of a column's values; equal values keep their order, unknown ones come last.
 * @throws QueryError for a column that has no order
 */
export function sortPlaces(rows: ArrayLike<number>, column: Column, descending: boolean, label: string): Uint32Array {
  if (column.kind === "tags") throw new QueryError(`Cannot sort by “${label}”: a picture can have several values.`);
  const [places, rest] = parted(rows, column.kind === "number"
    ? (row) => !Number.isNaN(numberAt(column, row))
    : (row) => column.codes[row]! < column.values.length);
  const keys = column.kind === "number" ? numberKeys(rows, column) : [valueKeys(rows, column)];
  const sorted = new Uint32Array(rows.length);
  sorted.set(sortByKeys(places, keys, descending));
  sorted.set(rest, places.length);
  return sorted;
}

/** `places` in the order of their keys, of which the last is the most significant; equal keys keep their order. */
export function sortByKeys(places: Uint32Array, keys: readonly Uint32Array[], descending: boolean): Uint32Array {
  // Two lists in turn; the caller's own is not changed.
  let from = places.slice();
  let to = new Uint32Array(places.length);
  const starts = new Uint32Array(DIGIT + 1);
  const flip = descending ? DIGIT : 0;
  for (const key of keys) {
    for (let shift = 0; shift < 32; shift += BITS) {
      starts.fill(0);
      // The last digit of 32 bits has fewer; flipping its missing bits as well changes no order.
      for (let i = 0; i < from.length; i++) starts[((key[from[i]!]! >>> shift) & DIGIT) ^ flip]!++;
      if (from.length && starts[((key[from[0]!]! >>> shift) & DIGIT) ^ flip] === from.length) continue;
      let sum = 0;
      for (let digit = 0; digit <= DIGIT; digit++) {
        const count = starts[digit]!;
        starts[digit] = sum;
        sum += count;
      }
      for (let i = 0; i < from.length; i++) to[starts[((key[from[i]!]! >>> shift) & DIGIT) ^ flip]!++] = from[i]!;
      [from, to] = [to, from];
    }
  }
  return from;
}

/** The places of the rows that pass a test, and those of the others. */
function parted(rows: ArrayLike<number>, test: (row: number) => boolean): [Uint32Array, Uint32Array] {
  const all = new Uint32Array(rows.length);
  let first = 0;
  let last = rows.length;
  for (let place = 0; place < rows.length; place++) all[test(rows[place]!) ? first++ : --last] = place;
  return [all.subarray(0, first), all.subarray(first).reverse()];
}

/** Keys by place that rise as the numbers do. Dates that start together sort by their ends. */
function numberKeys(rows: ArrayLike<number>, column: NumberColumn): Uint32Array[] {
  const { length } = rows;
  const [low, high, lengths] = [new Uint32Array(length), new Uint32Array(length), column.lengths && new Uint32Array(length)];
  const number = new Float64Array(1);
  const bits = new Uint32Array(number.buffer);
  for (let place = 0; place < length; place++) {
    const row = rows[place]!;
    // Adding 0 makes 0 of −0.
    number[0] = numberAt(column, row) + 0;
    const negative = bits[1]! >>> 31;
    low[place] = negative ? ~bits[0]! : bits[0]!;
    high[place] = bits[1]! ^ (negative ? 0xffffffff : 0x80000000);
    if (lengths) lengths[place] = lengthAt(column, row);
  }
  return lengths ? [lengths, low, high] : [low, high];
}

/** Keys by place that rise as the folded values do. Values that differ only in case or accents are equal. */
function valueKeys(rows: ArrayLike<number>, { values, codes }: CategoryColumn): Uint32Array {
  const ranks = new Uint32Array(values.length);
  const folded = values.map(fold);
  const order = Array.from(folded.keys()).sort((a, b) => compareCodePoints(folded[a]!, folded[b]!));
  order.forEach((code, i) => { ranks[code] = i && folded[code] === folded[order[i - 1]!] ? ranks[order[i - 1]!]! : i; });
  const keys = new Uint32Array(rows.length);
  for (let place = 0; place < keys.length; place++) keys[place] = ranks[codes[rows[place]!]!] ?? 0;
  return keys;
}
