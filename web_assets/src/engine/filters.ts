/** Filters on columns: from conditions to the rows that meet them. */
import { numberAt, type Column, type FieldDefinition, type NumberColumn } from "../format/index";
import { QueryError } from "./errors";
import { emptyMask, type Mask } from "./mask";
import { dateBounds } from "./query/index";
import type { Filter } from "./types";

/** The rows for which `filter` holds. A missing value meets `none` only. */
export function filterMask(filter: Filter, field: FieldDefinition, column: Column): Mask {
  if (filter.kind === "range") {
    if (column.kind !== "number") throw new QueryError(`The field “${field.label}” has no range.`);
    const { min = -Infinity, max = Infinity } = filter;
    return numberMask(column, (value) => value >= min && value <= max);
  }
  const holds = column.kind === "number"
    ? numberMask(column, oneOf(filter.values, field))
    : codeMask(column, new Set(filter.values));
  return filter.kind === "any" ? holds : complement(holds, column.count);
}

function oneOf(values: string[], field: FieldDefinition): (value: number) => boolean {
  if (field.type === "date") {
    const intervals = values.map((value) => dateBounds(value) ?? fail(`“${value.slice(0, 40)}” is no date.`));
    return (value) => intervals.some(({ low, high }) => value >= low && value <= high);
  }
  const wanted = new Set(values.map((value) => (value.trim() && Number.isFinite(Number(value)) ? Number(value) : fail(`“${value.slice(0, 40)}” is no number.`))));
  return (value) => wanted.has(value);
}

function numberMask(column: NumberColumn, holds: (value: number) => boolean): Mask {
  const mask = emptyMask(column.count);
  for (let row = 0; row < column.count; row++) {
    const value = numberAt(column, row);
    // A missing value is NaN, which is in no interval and in no set of numbers.
    if (!Number.isNaN(value) && holds(value)) mask[row >> 3]! |= 1 << (row & 7);
  }
  return mask;
}

function codeMask(column: Exclude<Column, NumberColumn>, wanted: Set<string>): Mask {
  const mask = emptyMask(column.count);
  const codes = new Set<number>();
  column.values.forEach((value, code) => { if (wanted.has(value)) codes.add(code); });
  if (!codes.size) return mask;
  if (column.kind === "category") {
    for (let row = 0; row < column.count; row++) if (codes.has(column.codes[row]!)) mask[row >> 3]! |= 1 << (row & 7);
    return mask;
  }
  for (let row = 0; row < column.count; row++) {
    for (let i = column.offsets[row]!; i < column.offsets[row + 1]!; i++) {
      if (codes.has(column.codes[i]!)) mask[row >> 3]! |= 1 << (row & 7);
    }
  }
  return mask;
}

function complement(mask: Mask, count: number): Mask {
  const result = mask.map((byte) => ~byte & 255);
  if (count % 8) result[result.length - 1]! &= (1 << (count % 8)) - 1;
  return result;
}

function fail(message: string): never {
  throw new QueryError(message);
}
