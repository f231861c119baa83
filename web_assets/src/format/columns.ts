/** Columns: a field's value for every row (docs/FORMAT.md 2.2). */
import { own } from "../base/own";
import { headerCount, headerStrings, isObject, readContainer, section, type Container } from "./container";
import { FormatError } from "./errors";
import { readEntry, type FileEntry } from "./entry";
import { parseJson } from "./json";
import type { FieldDefinition, FieldType } from "./manifest";

/** Numbers, or dates: their starts as seconds since 1970 in the picture's own wall-clock time. */
export interface NumberColumn {
  kind: "number";
  count: number;
  values: Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array;
  /** The value that stands for a missing one; NaN for floats. */
  missing: number;
  /** How long each date lasts, in seconds; null if all values are numbers or moments. */
  lengths: Uint32Array | null;
}

/** One string per row, by its position in `values`. */
export interface CategoryColumn {
  kind: "category";
  count: number;
  /** Most frequent first, ties in code-point order. */
  values: string[];
  codes: Uint8Array | Uint16Array | Uint32Array;
  missing: number;
}

/** Any number of strings per row: the codes of row r are at `offsets[r] … offsets[r+1]-1`. */
export interface TagsColumn {
  kind: "tags";
  count: number;
  values: string[];
  offsets: Uint32Array;
  codes: Uint16Array | Uint32Array;
}

/** The end of the year 9999; the year 1 is nearer to 1970. */
const LAST_SECOND = 253_402_300_800;

export type Column = NumberColumn | CategoryColumn | TagsColumn;

/** The files of the columns by field name, from the index of columns. Throws FormatError. */
export function readColumnsIndex(bytes: Uint8Array, fields: readonly FieldDefinition[]): Map<string, FileEntry> {
  const index = parseJson(bytes, "The index of columns");
  if (!isObject(index)) throw new FormatError("The index of columns is not an object.");
  return new Map(fields.filter(({ column }) => column).map(({ name }) =>
    [name, readEntry(own(index, name), `The column of the field “${name}”`)]));
}

/** Decode the column of a field of the given type for `count` rows. Throws FormatError. */
export function readColumn(bytes: Uint8Array, type: FieldType, count: number): Column {
  const container = readContainer(bytes, "column");
  if (headerCount(container, "count") !== count) throw new FormatError("A column has another count than the manifest.");
  switch (type) {
    case "number":
      return readNumbers(container, count);
    case "date":
      return readDates(container, count);
    case "category":
    case "boolean":
      return readCategory(container, count);
    case "tags":
      return readTags(container, count);
    case "text":
    case "url":
      throw new FormatError(`Fields of type ${type} have no column.`);
  }
}

/** The value of a row; NaN if it is missing. */
export function numberAt(column: NumberColumn, row: number): number {
  const value = column.values[row]!;
  return value === column.missing ? NaN : value;
}

/** How long the date of a row lasts, in seconds; 0 for numbers. */
export function lengthAt(column: NumberColumn, row: number): number {
  return column.lengths?.[row] ?? 0;
}

function readNumbers(container: Container, count: number): NumberColumn {
  const values = section(container, "values", ["u8", "u16", "u32", "i32", "f32", "f64"], count);
  return { kind: "number", count, values, missing: missingOf(values), lengths: null };
}

function readDates(container: Container, count: number): NumberColumn {
  const values = section(container, "values", ["f64"], count);
  const lengths = container.sections.has("lengths") ? section(container, "lengths", ["u32"], count) : null;
  for (let row = 0; row < count; row++) {
    const start = values[row]!;
    if (Number.isNaN(start) ? lengths?.[row] : Math.abs(start) > LAST_SECOND) throw new FormatError("A column has a date that does not exist.");
  }
  return { kind: "number", count, values, missing: NaN, lengths };
}

function readCategory(container: Container, count: number): CategoryColumn {
  const values = headerStrings(container, "values");
  const codes = section(container, "codes", ["u8", "u16", "u32"], count);
  const missing = missingOf(codes);
  checkCodes(codes, values.length, missing);
  return { kind: "category", count, values, codes, missing };
}

function readTags(container: Container, count: number): TagsColumn {
  const values = headerStrings(container, "values");
  const offsets = section(container, "offsets", ["u32"], count + 1);
  const codes = section(container, "codes", ["u16", "u32"]);
  checkCodes(codes, values.length, NaN);
  if (offsets[0] !== 0 || offsets[count] !== codes.length) throw new FormatError("A tags column's offsets do not fit its codes.");
  for (let row = 0; row < count; row++) {
    if (offsets[row]! > offsets[row + 1]!) throw new FormatError("A tags column's offsets fall.");
  }
  return { kind: "tags", count, values, offsets, codes };
}

function checkCodes(codes: Uint8Array | Uint16Array | Uint32Array, values: number, missing: number): void {
  for (const code of codes) {
    if (code >= values && code !== missing) throw new FormatError(`A column has the code ${code}, but only ${values} values.`);
  }
}

function missingOf(values: NumberColumn["values"]): number {
  if (values instanceof Int32Array) return -(2 ** 31);
  if (values instanceof Float32Array || values instanceof Float64Array) return NaN;
  return 2 ** (8 * values.BYTES_PER_ELEMENT) - 1;
}
