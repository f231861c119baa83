/** Finds the rows that meet conditions on fields: the filters of a request, and the field terms of a query text. */
import { lengthAt, numberAt, type Column, type FieldDefinition } from "../format/index";
import type { ColumnSource, Span } from "./column-source";
import { QueryError } from "./errors";
import { eachOf } from "./files";
import { both, emptyMask, maskOf, without, type Mask } from "./mask";
import type { FieldCondition } from "./plan";
import {
  anyOf, comparable, exactTest, intervalTest, parents, rangeTest, valueKeys, valueTest, wholeForms, type NumberTest, type ValueKey,
} from "./query/index";
import type { Resources } from "./resources";
import type { Filter } from "./types";

/** A condition on a field's value. An unknown value meets negated conditions only. */
export interface Condition {
  field: FieldDefinition;
  negated: boolean;
  /** A test for numbers and dates. Throws QueryError if the condition does not fit them. */
  numbers: () => NumberTest;
  /** Comparable forms of whole texts. Those that no value of the collection has match by words. */
  wholes: readonly string[];
  /** A test for texts. Throws QueryError if the condition does not fit texts. */
  texts: (byWords: ReadonlySet<string>) => (value: string) => boolean;
  /** The keys of all texts that it accepts; null if others may be accepted. */
  keys: (byWords: ReadonlySet<string>) => ValueKey[] | null;
}

/** The rows that meet all conditions; null stands for all rows, if there are no conditions. */
export async function filterRows(resources: Resources, list: readonly Filter[], terms: readonly FieldCondition[] = []): Promise<Mask | null> {
  const ofIds = async (ids: readonly string[]): Promise<Mask> => {
    const rows = await Promise.all(ids.map((id) => resources.rowOf(id)));
    return maskOf(rows.filter((row) => row !== null), resources.count);
  };
  const ofCondition = async (condition: Condition): Promise<Mask> => conditionMask(condition, await resources.columnSource(condition.field.name));
  const masks = await Promise.all([
    ...list.map(async (filter) => {
      if (filter.kind === "ids") return ofIds(filter.values);
      if (filter.kind === "area" || filter.kind === "topic") return (await resources.map()).rows(filter, resources.count);
      return ofCondition(ofFilter(filter, resources.field(filter.field)));
    }),
    ...terms.map((term) => ofCondition(ofTerm(term))),
  ]);
  return masks.reduce<Mask | null>(both, null);
}

/** The rows for which a condition holds. Loads the row sets of values, or only blocks that may have such rows. */
export async function conditionMask(condition: Condition, source: ColumnSource): Promise<Mask> {
  const { type } = condition.field;
  const numbers = type === "number" || type === "date" ? condition.numbers() : null;
  const byWords = await unknownForms(condition.wholes, source);
  const mask = !numbers && source.values
    ? await source.values.rows(condition.texts(byWords), condition.keys(byWords))
    : await scan(source, ({ zone }) => !numbers || zone === undefined || (zone !== null && numbers.reaches(...zone)), (column) => rowTest(condition, column, byWords));
  return condition.negated ? without(null, mask, source.count) : mask;
}

/** The comparable forms that no value of the column has. */
async function unknownForms(forms: readonly string[], source: ColumnSource): Promise<ReadonlySet<string>> {
  const left = new Set(forms);
  if (!left.size) return left;
  if (source.values) {
    for (const form of await source.values.known([...left])) left.delete(form);
    return left;
  }
  await eachOf(source.blocks, async (_, place) => {
    const column = await source.block(place);
    if (column.kind !== "number") for (const value of column.values) left.delete(comparable(value));
  });
  return left;
}

async function scan(source: ColumnSource, may: (span: Span) => boolean, testOf: (column: Column) => (row: number) => boolean): Promise<Mask> {
  const mask = emptyMask(source.count);
  const places = source.blocks.flatMap((span, place) => (may(span) ? [place] : []));
  await eachOf(places, async (place) => {
    const { first, count } = source.blocks[place]!;
    const test = testOf(await source.block(place));
    for (let row = 0; row < count; row++) if (test(row)) mask[(first + row) >> 3]! |= 1 << ((first + row) & 7);
  });
  return mask;
}

function rowTest({ numbers, texts }: Condition, column: Column, byWords: ReadonlySet<string>): (row: number) => boolean {
  if (column.kind === "number") {
    const wanted = numbers();
    return (row) => wanted(numberAt(column, row), lengthAt(column, row));
  }
  const wanted = Uint8Array.from(column.values.map(texts(byWords)), Number);
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
    wholes: wholeForms(field, term.alternatives),
    texts: (byWords) => valueTest(field, term.alternatives, byWords),
    keys: (byWords) => valueKeys(field, term.alternatives, byWords),
  };
}

/** A filter of a request, which names values exactly, or a path with everything below it. */
function ofFilter(filter: Exclude<Filter, { kind: "ids" | "area" | "topic" }>, field: FieldDefinition): Condition {
  if (filter.kind === "range") {
    const { min = -Infinity, max = Infinity } = filter;
    return {
      field, negated: false,
      numbers: () => rangeTest(min, max, field.type === "date"),
      wholes: [],
      texts: () => { throw new QueryError(`The field “${field.label}” is not a number or a date, so it has no range.`); },
      keys: () => null,
    };
  }
  const { values } = filter;
  return {
    field, negated: filter.kind === "none",
    numbers: () => anyOf(values.map((value) => exactly(value, field))),
    wholes: [],
    texts: () => {
      const wanted = new Set(values);
      const { separator } = field;
      if (separator === undefined) return (value) => wanted.has(value);
      const paths = new Set(values.flatMap((value) => parents(value, separator).at(-1) ?? []));
      return (value) => wanted.has(value) || parents(value, separator).some((path) => paths.has(path));
    },
    keys: () => (field.separator === undefined ? values.map((value) => ({ key: comparable(value), prefix: false })) : null),
  };
}

/** The test of a number or a date; throws QueryError for any other text. */
function exactly(value: string, { type }: FieldDefinition): NumberTest {
  const test = exactTest(value, type === "date");
  if (!test) throw new QueryError(`“${value.slice(0, 40)}” is not a ${type === "date" ? "date" : "number"}.`);
  return test;
}
