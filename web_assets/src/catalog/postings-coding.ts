/** How the lists of a term are stored (docs/FORMAT.md 2.8). The twin is builder/imagedb_site/postings.py. */
import { FormatError, readRowSet, Varints } from "../format/index";

/** The rows that have a term, rising, and how many times each has it. */
export interface List {
  rows: Uint32Array;
  times: Uint32Array;
}

/**
 * @param count rows of the range that the list is for
 * @param having how many rows it must have; null for any number
 * @throws FormatError if the bytes are not such a list
 */
export function decodeList(bytes: Uint8Array, count: number, having: number | null): List {
  const numbers = new Varints(bytes);
  const size = numbers.next();
  const end = numbers.at + size;
  if (end > bytes.length) throw new FormatError("A list of rows is cut short.");
  const rows = readRowSet(bytes.subarray(numbers.at, end), count, having);
  const times = new Uint32Array(rows.length).fill(1);
  numbers.at = end;
  for (let place = -1; !numbers.done;) {
    place += numbers.next() + 1;
    if (place >= times.length) throw new FormatError("A list of times has other rows than there are.");
    times[place] = Math.min(numbers.next() + 2, 0xffffffff);
  }
  return { rows, times };
}

/**
 * The places of a term in rows that have it `times` times each, written to `positions` and `columns` from `at` on.
 * @param several how many columns the catalog has
 * @throws FormatError if the bytes hold other places
 */
export function decodePlaces(
  bytes: Uint8Array, times: Uint32Array, several: number, positions: Uint32Array, columns: Uint8Array | null, at: number,
): void {
  const total = times.reduce((sum, some) => sum + some, 0);
  const tail = columns ? bytes.length - total : bytes.length;
  if (tail < total) throw new FormatError("A list of places has other places than there are.");
  const found = bytes.subarray(tail);
  const numbers = new Varints(bytes.subarray(0, tail));
  let place = 0;
  for (const some of times) {
    for (let i = 0; i < some; i++, place++) {
      const column = found[place] ?? 0;
      if (column >= several) throw new FormatError("A list of places has a column that the catalog does not have.");
      const after = i > 0 && (!columns || found[place - 1] === column);
      positions[at + place] = numbers.next() + (after ? positions[at + place - 1]! + 1 : 0);
      if (columns) columns[at + place] = column;
    }
  }
  if (!numbers.done) throw new FormatError("A list of places has other places than there are.");
}
