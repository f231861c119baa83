/** Finds the rows that meet conditions on fields: the filters of a request, and the field terms of a query text. */
import { numberAt, type Column, type FieldDefinition } from "../format/index";
import { QueryError } from "./errors";
import { both, emptyMask, type Mask } from "./mask";
import type { FieldCondition } from "./plan";
import { dateBounds, holds, intervals, valueTest, type Interval } from "./query/index";
import type { Resources } from "./resources";
import type { Filter } from "./types";

/** A condition on a field's value. An unknown value meets negated conditions only. */
export interface Condition {
  field: FieldDefinition;
  negated: boolean;
  /** The numbers or seconds that meet it. Throws QueryError if the condition does not fit numbers. */
  numbers: () => readonly Interval[];
  /** A test for texts. Throws QueryError if the condition does not fit texts. */
  texts: () => (value: string) => boolean;
}

/** The rows that meet all conditions; null stands for all rows, if there are no conditions. */
export async function filterRows(resources: Resources, list: readonly Filter[], terms: readonly FieldCondition[] = []): Promise<Mask | null> {
  const conditions = [...list.map((filter) => ofFilter(filter, resources.field(filter.field))), ...terms.map(ofTerm)];
  const masks = await Promise.all(conditions.map(async (condition) => conditionMask(condition, await resources.column(condition.field.name))));
  return masks.reduce<Mask | null>(both, null);
}

/** The rows for which a condition holds. */
export function conditionMask(condition: Condition, column: Column): Mask {
  const { negated } = condition;
  const mask = emptyMask(column.count);
  const test = rowTest(condition, column);
  for (let row = 0; row < column.count; row++) if (test(row) !== negated) mask[row >> 3]! |= 1 << (row & 7);
  return mask;
}

function rowTest({ numbers, texts }: Condition, column: Column): (row: number) => boolean {
  if (column.kind === "number") {
    const wanted = numbers();
    return (row) => holds(wanted, numberAt(column, row));
  }
  const wanted = Uint8Array.from(column.values.map(texts()), Number);
  if (column.kind === "category") return (row) => wanted[column.codes[row]!] === 1;
  return (row) => {
    for (let i = column.offsets[row]!; i < column.offsets[row + 1]!; i++) if (wanted[column.codes[i]!]) return true;
    return false;
  };
}

/** A field term of a query text. */
function ofTerm({ field, term }: FieldCondition): Condition {
  return {
    field, negated: term.negated,
    numbers: () => intervals(term, field.type === "date"),
    texts: () => valueTest(field.type, term.value),
  };
}

/** A filter of a request, which names values exactly. */
function ofFilter(filter: Filter, field: FieldDefinition): Condition {
  if (filter.kind === "range") {
    const { min = -Infinity, max = Infinity } = filter;
    return {
      field, negated: false,
      numbers: () => [{ low: min, high: max, open: false }],
      texts: () => { throw new QueryError(`The field “${field.label}” is not a number or a date, so it has no range.`); },
    };
  }
  const { values } = filter;
  return {
    field, negated: filter.kind === "none",
    numbers: () => values.map((value) => exactly(value, field)),
    texts: () => {
      const wanted = new Set(values);
      return (value) => wanted.has(value);
    },
  };
}

/** A number alone, or all moments of a date. */
function exactly(value: string, { type }: FieldDefinition): Interval {
  if (type === "date") {
    const bounds = dateBounds(value);
    if (!bounds) throw new QueryError(`“${value.slice(0, 40)}” is not a date.`);
    return { ...bounds, open: false };
  }
  const number = value.trim() ? Number(value) : NaN;
  if (!Number.isFinite(number)) throw new QueryError(`“${value.slice(0, 40)}” is not a number.`);
  return { low: number, high: number, open: false };
}
