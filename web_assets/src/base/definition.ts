/** Batches as one word: an id that encodes its definition, the same in Python (builder/imagedb_site/batches.py). */

/** How to split a collection into batches; shares in per cent, with at most three decimals. */
export interface Definition {
  /** Images per batch, 1 … 1,000. */
  size: number;
  validation: number;
  test: number;
  /** 0 … 2³² − 1. */
  seed: number;
}

export const DEFAULTS: Definition = { size: 64, validation: 10, test: 10, seed: 0 };

/** The largest batch that an id can name. */
export const MOST_PER_BATCH = 1000;
const HASH_DIGITS = 12;
const ID = /^[0-9a-f]{12}-([0-9]{1,4})-([0-9]{1,3}(?:\.[0-9]{1,3})?)-([0-9]{1,3}(?:\.[0-9]{1,3})?)-([0-9]{1,10})$/;

/** Why a definition is out of range; null if it is not. */
export function invalid({ size, validation, test, seed }: Definition): string | null {
  if (!Number.isInteger(size) || size < 1 || size > MOST_PER_BATCH) return "The size of a batch must be a whole number from 1 to 1000.";
  if (![validation, test].every(isShare)) return "The shares of validation and test must be numbers from 0 to 100 with at most 3 decimals.";
  if (validation + test > 100) return "The shares of validation and test must be at most 100 % together.";
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) return "A seed is a whole number from 0 to 4294967295.";
  return null;
}

function isShare(share: number): boolean {
  return share >= 0 && share <= 100 && Math.floor(share * 1000 + 0.5) / 1000 === share;
}

/** The id of a definition, for the collection with this hash. */
export function definitionId({ size, validation, test, seed }: Definition, collection: string): string {
  return `${collection.slice(0, HASH_DIGITS)}-${size}-${validation}-${test}-${seed}`;
}

/** The definition that an id is of; null if it is not an id of the collection with this hash. */
export function definitionOf(id: string, collection: string): Definition | null {
  const match = ID.exec(id);
  if (!match) return null;
  const [size, validation, test, seed] = match.slice(1).map(Number) as [number, number, number, number];
  const found = { size, validation, test, seed };
  return invalid(found) === null && definitionId(found, collection) === id ? found : null;
}

/** The id of batches given by shares from 0 to 1; null if it cannot name them. */
export function idOfShares({ size, validation, test, seed }: Definition, collection: string): string | null {
  const percent = [validation, test].map((share) => Math.floor(share * 100 * 1000 + 0.5) / 1000);
  if (percent[0]! / 100 !== validation || percent[1]! / 100 !== test) return null;
  const found = { size, validation: percent[0]!, test: percent[1]!, seed };
  return invalid(found) === null ? definitionId(found, collection) : null;
}
