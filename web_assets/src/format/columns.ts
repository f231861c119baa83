/** Blocks of columns: a field's values for some rows (docs/FORMAT.md 2.2). */
import { headerCount, headerStrings, readContainer, section, type Container } from "./container";
import { FormatError } from "./errors";
import type { FieldType } from "./manifest";

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
  /** Those of a block: most frequent first, ties in code-point order. */
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

/**
 * Decode a block of a column: the `count` rows from `first` on. Throws FormatError.
 */
export function readColumn(bytes: Uint8Array, type: FieldType, count: number, first = 0): Column {
  const container = readContainer(bytes, "column");
  if (headerCount(container, "count") !== count) throw new FormatError("A column's file has another count than its block.");
  if (headerCount(container, "first") !== first) throw new FormatError("A column's file has other rows than its block.");
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

/** Columns of one field, one after the other, as one. */
export function joinColumns(parts: readonly Column[]): Column {
  const [first] = parts;
  if (!first) throw new RangeError("There is no column to join.");
  if (parts.length === 1) return first;
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  if (first.kind === "number") return joinNumbers(parts as NumberColumn[], count);
  const values: string[] = [];
  const places = new Map<string, number>();
  const tables = (parts as (CategoryColumn | TagsColumn)[]).map((part) => Uint32Array.from(part.values, (value) => {
    const known = places.get(value);
    if (known !== undefined) return known;
    places.set(value, values.length);
    return values.push(value) - 1;
  }));
  return first.kind === "category" ? joinCategories(parts as CategoryColumn[], count, values, tables) : joinTags(parts as TagsColumn[], count, values, tables);
}

function joinNumbers(parts: readonly NumberColumn[], count: number): NumberColumn {
  const values = new Float64Array(count);
  const lengths = parts.some((part) => part.lengths) ? new Uint32Array(count) : null;
  let at = 0;
  for (const part of parts) {
    if (Number.isNaN(part.missing)) values.set(part.values, at);
    else for (let row = 0; row < part.count; row++) values[at + row] = numberAt(part, row);
    if (part.lengths) lengths!.set(part.lengths, at);
    at += part.count;
  }
  return { kind: "number", count, values, missing: NaN, lengths };
}

function joinCategories(parts: readonly CategoryColumn[], count: number, values: string[], tables: readonly Uint32Array[]): CategoryColumn {
  const codes = new Uint32Array(count);
  const missing = 0xffffffff;
  let at = 0;
  parts.forEach((part, i) => {
    for (const code of part.codes) codes[at++] = code === part.missing ? missing : tables[i]![code]!;
  });
  return { kind: "category", count, values, codes, missing };
}

function joinTags(parts: readonly TagsColumn[], count: number, values: string[], tables: readonly Uint32Array[]): TagsColumn {
  const codes = new Uint32Array(parts.reduce((sum, part) => sum + part.codes.length, 0));
  const offsets = new Uint32Array(count + 1);
  let at = 0;
  let row = 0;
  parts.forEach((part, i) => {
    for (let r = 1; r <= part.count; r++) offsets[row + r] = at + part.offsets[r]!;
    for (const code of part.codes) codes[at++] = tables[i]![code]!;
    row += part.count;
  });
  return { kind: "tags", count, values, offsets, codes };
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
