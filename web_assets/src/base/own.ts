/**
 * Objects whose keys come from data: field names, words, names of files, JSON of other programs. Every object inherits
 * `constructor`, `toString` and others, so such a key is looked up here or in a Map and nowhere else
 * (tests/web/own-keys.test.ts).
 */

/** The value of a key that the object itself has; undefined for any other key. */
export function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
