/** The files of a large column's values (docs/FORMAT.md 2.2, "Values"). */
import { own } from "../base/own";
import { headerCount, headerStrings, readContainer, section, type Container } from "./container";
import { FormatError } from "./errors";
import { readRowSet } from "./row-set";

/** A value and how many rows have it. */
export interface ValueCount {
  value: string;
  count: number;
}

export interface ValuesHead {
  /** The most frequent values, ties in code-point order. */
  top: ValueCount[];
  /** The key of the first value of each file of names. */
  names: string[];
  /** The same of the files of sets, for each segment. */
  sets: string[][];
}

/** Row sets of some values, sorted by key. */
export interface ValueSets {
  values: string[];
  counts: Uint32Array;
  /** The rows of the value at a place, numbered from the first of the segment. */
  rows: (place: number) => Uint32Array;
}

/** Throws FormatError. */
export function readValuesHead(bytes: Uint8Array, names: number, sets: readonly number[]): ValuesHead {
  const container = readContainer(bytes, "values");
  const head = { top: counted(container), names: headerStrings(container, "names"), sets: own(container.header, "sets") };
  if (!Array.isArray(head.sets) || !head.sets.every((keys) => Array.isArray(keys) && keys.every((key) => typeof key === "string"))) {
    throw new FormatError("The head of a column's values has no lists of keys.");
  }
  const found = head as ValuesHead;
  if (found.names.length !== names || found.sets.length !== sets.length || found.sets.some(({ length }, i) => length !== sets[i])) {
    throw new FormatError("The head of a column's values does not fit their files.");
  }
  return found;
}

/** Values in the order of their keys. Throws FormatError. */
export function readValueNames(bytes: Uint8Array): ValueCount[] {
  return counted(readContainer(bytes, "names"));
}

/** @param rows rows of the segment. Throws FormatError, `rows` of the result as well. */
export function readValueSets(bytes: Uint8Array, rows: number): ValueSets {
  const container = readContainer(bytes, "sets");
  if (headerCount(container, "rows") !== rows) throw new FormatError("A file of row sets is of another segment.");
  const values = headerStrings(container, "values");
  const counts = section(container, "counts", ["u32"], values.length);
  const ends = section(container, "ends", ["u32"], values.length);
  const sets = section(container, "sets", ["u8"], ends.at(-1) ?? 0);
  for (let i = 0; i < ends.length; i++) {
    if (ends[i]! <= (i ? ends[i - 1]! : 0)) throw new FormatError("The row sets of a file do not follow one another.");
  }
  return { values, counts, rows: (i) => readRowSet(sets.subarray(i ? ends[i - 1]! : 0, ends[i]!), rows, counts[i]!) };
}

function counted(container: Container): ValueCount[] {
  const values = headerStrings(container, "values");
  const counts = section(container, "counts", ["u32"], values.length);
  return values.map((value, i) => ({ value, count: counts[i]! }));
}
