/**
 * Seeded splits, batches and samples of a collection, the same in Python (builder/imagedb_site/batches.py). An image's
 * part depends only on its id and the seed, so adding images does not move others.
 */

/** A part of a split collection. */
export type Part = "train" | "validation" | "test";

/** How to split a collection. */
export interface BatchOptions {
  /** Images per batch; the last batch of a part may have fewer. */
  size: number;
  /** Shares of the images, 0 … 1, for validation and test. */
  validation?: number;
  test?: number;
  /** 0 … 2³² − 1. */
  seed?: number;
}

/** Salts of the two hashes: one decides the part, the other the order. */
const PART_SALT = 0;
const ORDER_SALT = 1;
const SAMPLE_SALT = 3;

/**
 * MurmurHash3 (x86, 32 bits) of the 8 bytes of an image id, seeded by the scrambled seed and a salt.
 * @param bytes the ids, 8 bytes each
 */
export function hashId(bytes: Uint8Array, row: number, seed: number, salt: number): number {
  let hash = scramble((seed ^ Math.imul(salt + 1, 0x9e3779b9)) >>> 0);
  for (let at = row * 8; at < row * 8 + 8; at += 4) {
    let block = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    block = Math.imul(block, 0xcc9e2d51);
    block = Math.imul((block << 15) | (block >>> 17), 0x1b873593);
    hash ^= block;
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  return scramble(hash ^ 8);
}

function scramble(value: number): number {
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

/** Greatest number of rows whose place fits beside a hash of 32 bits into a double. */
const MOST_PACKED = 2 ** 21;

/** The rows in a random order that depends on a seed: by two hashes of their ids, then by id. */
export function shuffled(ids: Uint8Array, rows: ArrayLike<number>, seed: number, salt = SAMPLE_SALT): number[] {
  if (rows.length > MOST_PACKED) return Array.from(rows).sort((a, b) => hashId(ids, a, seed, salt) - hashId(ids, b, seed, salt) || tied(ids, seed, salt)(a, b));
  // Hash and place in one number, so that millions of rows are sorted without an object for each.
  const keys = Float64Array.from({ length: rows.length }, (_, place) => hashId(ids, rows[place]!, seed, salt) * MOST_PACKED + place).sort();
  const found = Array.from(keys, (key) => rows[key % MOST_PACKED]!);
  const first = (at: number): number => Math.floor(keys[at]! / MOST_PACKED);
  for (let start = 0, end = 1; end <= found.length; end++) {
    if (end < found.length && first(end) === first(start)) continue;
    if (end - start > 1) found.splice(start, end - start, ...found.slice(start, end).sort(tied(ids, seed, salt)));
    start = end;
  }
  return found;
}

/** Orders rows of the same first hash. */
function tied(ids: Uint8Array, seed: number, salt: number): (a: number, b: number) => number {
  return (a, b) => hashId(ids, a, seed, salt + 1) - hashId(ids, b, seed, salt + 1) || compareIds(ids, a, b);
}

/** The rows of the three parts, each in its random order. Throws RangeError if a share or the seed is out of range. */
export function split(ids: Uint8Array, { validation = 0, test = 0, seed = 0 }: Omit<BatchOptions, "size">): Record<Part, number[]> {
  checkSeed(seed);
  if (!(validation >= 0 && test >= 0 && validation + test <= 1)) {
    throw new RangeError("The shares of validation and test must be at least 0, and at most 1 together.");
  }
  const parts: Record<Part, number[]> = { train: [], validation: [], test: [] };
  for (let row = 0; row < ids.length / 8; row++) {
    const share = hashId(ids, row, seed, PART_SALT) / 2 ** 32;
    parts[share < test ? "test" : share < test + validation ? "validation" : "train"].push(row);
  }
  for (const part of Object.keys(parts) as Part[]) parts[part] = shuffled(ids, parts[part], seed, ORDER_SALT);
  return parts;
}

export function checkSeed(seed: number): void {
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) throw new RangeError("A seed is a whole number from 0 to 4294967295.");
}

function compareIds(ids: Uint8Array, a: number, b: number): number {
  for (let i = 0; i < 8; i++) {
    const difference = ids[a * 8 + i]! - ids[b * 8 + i]!;
    if (difference) return difference;
  }
  return 0;
}
