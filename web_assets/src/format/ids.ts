/** Finding rows by image id (docs/FORMAT.md 2.4). */
import { headerCount, readContainer, section } from "./container";
import { FormatError } from "./errors";
import { hex, unhex } from "./hex";

/** The ids that begin with one prefix, and their rows. */
export interface IdShard {
  count: number;
  /** 8 bytes each, in rising order. */
  ids: Uint8Array;
  rows: Uint32Array;
}

/** Whether a text is an image id at all. */
export function isId(id: string): boolean {
  return /^[0-9a-f]{16}$/.test(id);
}

/** The number of the file in the list that contains an id. */
export function shardOf(id: string, digits: number): number {
  return digits ? parseInt(id.slice(0, digits), 16) : 0;
}

/**
 * Decode the file that must hold the ids of shard `number`.
 * @param total how many rows the collection has
 * @throws FormatError
 */
export function readIds(bytes: Uint8Array, number: number, digits: number, total: number): IdShard {
  const container = readContainer(bytes, "ids");
  const prefix = digits ? number.toString(16).padStart(digits, "0") : "";
  if (container.header["prefix"] !== prefix) throw new FormatError("A file of ids has another prefix than expected.");
  const count = headerCount(container, "count");
  const shard = { count, ids: section(container, "id", ["u8"], 8 * count), rows: section(container, "row", ["u32"], count) };
  for (let i = 0; i < count; i++) {
    if (shard.rows[i]! >= total) throw new FormatError("A file of ids names a row that does not exist.");
    if (i && compare(shard.ids, i - 1, shard.ids, i) >= 0) throw new FormatError("A file of ids is not in rising order.");
  }
  for (const i of count ? [0, count - 1] : []) {
    if (!idIn(shard, i).startsWith(prefix)) throw new FormatError("A file of ids contains an id with another prefix.");
  }
  return shard;
}

/** The id at a place of a shard, 16 lower-case hexadecimal digits. */
export function idIn({ ids }: IdShard, place: number): string {
  return hex(ids.subarray(8 * place, 8 * place + 8));
}

/** The row of an id; null if the shard does not have it. */
export function rowIn({ count, ids, rows }: IdShard, id: string): number | null {
  const wanted = unhex(id);
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = compare(ids, middle, wanted, 0);
    if (!order) return rows[middle]!;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return null;
}

/** Below 0 if id `i` of `a` comes before id `j` of `b`. */
function compare(a: Uint8Array, i: number, b: Uint8Array, j: number): number {
  for (let byte = 0; byte < 8; byte++) {
    const difference = a[8 * i + byte]! - b[8 * j + byte]!;
    if (difference) return difference;
  }
  return 0;
}
