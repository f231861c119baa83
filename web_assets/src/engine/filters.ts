/** Finds the rows that meet conditions on fields: the filters of a request, and the field terms of a query text. */
import { lengthAt, numberAt, type Column, type FieldDefinition } from "../format/index";
import { QueryError } from "./errors";
import { both, emptyMask, type Mask } from "./mask";
import type { FieldCondition } from "./plan";
import { anyOf, exactTest, intervalTest, parents, rangeTest, valueTest, type NumberTest } from "./query/index";
import type { Resources } from "./resources";
import type { Filter } from "./types";

/** A condition on a field's value. An unknown value meets negated conditions only. */
export interface Condition {
  field: FieldDefinition;
  negated: boolean;
  /** A test for numbers and dates. Throws QueryError if the condition does not fit them. */
  numbers: () => NumberTest;
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
    return (row) => wanted(numberAt(column, row), lengthAt(column, row));
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
    numbers: () => intervalTest(term, field.type === "date"),
    texts: () => valueTest(field, term.alternatives),
  };
}

/** A filter of a request, which names values exactly, or a path with everything below it. */
function ofFilter(filter: Filter, field: FieldDefinition): Condition {
  if (filter.kind === "range") {
    const { min = -Infinity, max = Infinity } = filter;
    return {
      field, negated: false,
      numbers: () => rangeTest(min, max, field.type === "date"),
      texts: () => { throw new QueryError(`The field “${field.label}” is not a number or a date, so it has no range.`); },
    };
  }
  const { values } = filter;
  return {
    field, negated: filter.kind === "none",
    numbers: () => anyOf(values.map((value) => exactly(value, field))),
    texts: () => {
      const wanted = new Set(values);
      const { separator } = field;
      if (separator === undefined) return (value) => wanted.has(value);
      const paths = new Set(values.flatMap((value) => parents(value, separator).at(-1) ?? []));
      return (value) => wanted.has(value) || parents(value, separator).some((path) => paths.has(path));
    },
  };
}

/** The test of a number or a date; throws QueryError for any other text. */
function exactly(value: string, { type }: FieldDefinition): NumberTest {
  const test = exactTest(value, type === "date");
  if (!test) throw new QueryError(`“${value.slice(0, 40)}” is not a ${type === "date" ? "date" : "number"}.`);
  return test;
}
