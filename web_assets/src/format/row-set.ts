/** Sets of rows as the format stores them (docs/FORMAT.md 1.6). The twin is builder/imagedb_site/rowsets.py. */
import { FormatError } from "./errors";

const GAPS = 0;
const BITMAP = 1;

/**
 * The rows of a stored set, rising.
 * @param count rows of the collection
 * @param size rows of the set; null for any number
 * @throws FormatError if the bytes are not such a set
 */
export function readRowSet(bytes: Uint8Array, count: number, size: number | null): Uint32Array {
  const mode = bytes[0];
  if (mode !== GAPS && (mode !== BITMAP || bytes.length !== 1 + ((count + 7) >> 3))) {
    throw new FormatError("A set of rows has no valid form.");
  }
  // A set has at least a bit per row, so that a damaged size allocates nothing large.
  const most = mode === GAPS ? bytes.length - 1 : 8 * (bytes.length - 1);
  if (size !== null && size > most) other();
  const rows = new Uint32Array(size ?? (mode === GAPS ? most : Math.min(most, count)));
  const found = mode === GAPS ? readGaps(bytes, rows) : readBits(bytes, rows);
  if (found < 0 || found !== (size ?? found) || (found > 0 && rows[found - 1]! >= count)) other();
  return found === rows.length ? rows : rows.slice(0, found);
}

/** Fill `rows` and return how many there are; −1 if the numbers are not valid. */
function readGaps(bytes: Uint8Array, rows: Uint32Array): number {
  let found = 0;
  let row = -1;
  let value = 0;
  let scale = 1;
  for (let at = 1; at < bytes.length; at++) {
    const byte = bytes[at]!;
    value += (byte & 0x7f) * scale;
    if (byte & 0x80) {
      scale *= 128;
      continue;
    }
    row += value + 1;
    if (row > 0xffffffff || found === rows.length) return -1;
    rows[found++] = row;
    value = 0;
    scale = 1;
  }
  return scale === 1 ? found : -1;
}

function readBits(bytes: Uint8Array, rows: Uint32Array): number {
  let found = 0;
  for (let at = 1; at < bytes.length; at++) {
    for (let left = bytes[at]!; left; left &= left - 1) {
      if (found === rows.length) return -1;
      rows[found++] = 8 * (at - 1) + 31 - Math.clz32(left & -left);
    }
  }
  return found;
}

function other(): never {
  throw new FormatError("A set of rows has other rows than were announced.");
}
