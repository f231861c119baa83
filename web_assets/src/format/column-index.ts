/** The index of columns (docs/FORMAT.md 2.2): where the blocks of each column and its values are. */
import { own } from "../base/own";
import { isObject } from "./container";
import { readEntry, type FileEntry } from "./entry";
import { FormatError } from "./errors";
import { parseJson } from "./json";
import type { FieldDefinition, FileListEntry } from "./manifest";

/** The least and the greatest number of a block, or the first and the last second of its dates; null without any value. */
export type Zone = readonly [number, number] | null;

export interface ColumnEntry {
  /** Rows in a block, a multiple of 8. */
  block: number;
  files: FileEntry[];
  /** How many rows have a value. */
  known: number;
  /** Of numbers and dates: one per block. */
  zones: Zone[] | null;
  values: ValuesEntry | null;
}

/** The different values of a large column, and the rows that have each. */
export interface ValuesEntry {
  count: number;
  head: FileEntry;
  names: FileListEntry;
  /** Rows of a segment. */
  segment: number;
  /** One per segment; null if none of its rows has a value. */
  sets: (FileListEntry | null)[];
}

/** The columns by field name, of a collection of `count` images. Throws FormatError. */
export function readColumnsIndex(bytes: Uint8Array, fields: readonly FieldDefinition[], count: number): Map<string, ColumnEntry> {
  const index = parseJson(bytes, "The index of columns");
  if (!isObject(index)) throw new FormatError("The index of columns is not an object.");
  return new Map(fields.filter(({ column }) => column).map((field) =>
    [field.name, readColumnEntry(own(index, field.name), field, count)]));
}

/** Every file of the column, apart from those in lists. */
export function columnFiles({ files, values }: ColumnEntry): FileEntry[] {
  return [...files, ...(values ? [values.head] : [])];
}

function readColumnEntry(value: unknown, { name, type }: FieldDefinition, count: number): ColumnEntry {
  const what = `The column of the field “${name}”`;
  if (!isObject(value)) throw new FormatError(`${what} is missing.`);
  const block = whole(value["block"], what);
  if (!block || block % 8) throw new FormatError(`${what} has blocks of ${block} rows.`);
  const blocks = Math.max(1, Math.ceil(count / block));
  const files = list(value["files"], what).map((entry) => readEntry(entry, what));
  if (files.length !== blocks) throw new FormatError(`${what} has ${files.length} files instead of ${blocks}.`);
  const ranged = type === "number" || type === "date";
  const zones = ranged ? list(value["zones"], what).map((zone) => readZone(zone, what)) : null;
  if (zones && zones.length !== blocks) throw new FormatError(`${what} has not one range for each file.`);
  const { values } = value;
  if (ranged && values !== undefined) throw new FormatError(`${what} cannot have values.`);
  return { block, files, known: whole(value["known"], what, count), zones, values: values === undefined ? null : readValues(values, what, block, count) };
}

function readValues(value: unknown, what: string, block: number, count: number): ValuesEntry {
  if (!isObject(value)) throw new FormatError(`The values of “${what}” are not an object.`);
  const segment = whole(value["segment"], what);
  if (!segment || segment % block) throw new FormatError(`${what} has segments of ${segment} rows.`);
  const sets = list(value["sets"], what).map((item) => (item === null ? null : readList(item, what)));
  if (sets.length !== Math.ceil(count / segment)) throw new FormatError(`${what} has row sets of other rows.`);
  return { count: whole(value["count"], what), head: readEntry(value["head"], what), names: readList(value["names"], what), segment, sets };
}

function readZone(value: unknown, what: string): Zone {
  if (value === null) return null;
  const [low, high] = list(value, what);
  if (!Number.isFinite(low) || !Number.isFinite(high) || (low as number) > (high as number)) throw new FormatError(`${what} has a range that is not valid.`);
  return [low as number, high as number];
}

function readList(value: unknown, what: string): FileListEntry {
  if (!isObject(value)) throw new FormatError(`${what} has no valid list of files.`);
  return { count: whole(value["count"], what, 2 ** 31, 1), index: readEntry(value["index"], what) };
}

function list(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw new FormatError(`${what} lacks a list.`);
  return value;
}

function whole(value: unknown, what: string, most = 2 ** 31, least = 0): number {
  if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most) throw new FormatError(`${what} has a number that is not valid.`);
  return value as number;
}
