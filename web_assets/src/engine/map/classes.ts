/** The values of a field as places in a table of colours: one byte for each row. */
import { numberAt, type Column, type FieldDefinition } from "../../format/index";
import type { ColumnSource } from "../column-source";
import { rangeOf } from "../columns";
import type { Classes } from "../types";
import { facetCounts } from "../facets";

/** Places of the table: values that have none of their own, no value, and the last one of a scale. */
const [OTHER, NONE, LAST] = [254, 255, 253];
/** How many values have a place of their own at most. */
const MOST = 32;

/** The fields of a collection and their columns. */
interface Columns {
  field(name: string): FieldDefinition;
  columnSource(name: string): Promise<ColumnSource>;
}

/**
 * Throws QueryError if the field has no column.
 * @param limit how many of the most frequent values have a place of their own
 */
export async function classesOf(columns: Columns, name: string, limit = 10): Promise<Classes> {
  const field = columns.field(name);
  const source = await columns.columnSource(name);
  if (field.type === "number" || field.type === "date") return scaleOf(source, rangeOf(source));
  const values = (await facetCounts(source, field, null, Math.min(MOST, limit), field.separator === undefined ? undefined : "")).map(({ value, count }) => ({ value, count }));
  const places = new Map(values.map(({ value }, place) => [value, place]));
  const below = field.separator;
  const placeOf = (value: string): number => places.get(value) ?? (below === undefined ? undefined : places.get(value.split(below)[0]!)) ?? OTHER;
  const classes = new Uint8Array(source.count).fill(NONE);
  await eachBlock(source, (column, first) => {
    if (column.kind === "number") return;
    const table = Uint8Array.from(column.values, placeOf);
    for (let row = 0; row < column.count; row++) {
      if (column.kind === "category") {
        if (column.codes[row] !== column.missing) classes[first + row] = table[column.codes[row]!]!;
        continue;
      }
      // Of several tags, the most frequent one counts.
      for (let i = column.offsets[row]!; i < column.offsets[row + 1]!; i++) classes[first + row] = Math.min(classes[first + row]!, table[column.codes[i]!]!);
    }
  });
  return { kind: "values", classes, values };
}

async function scaleOf(source: ColumnSource, range: { min: number; max: number } | null): Promise<Classes> {
  const classes = new Uint8Array(source.count).fill(NONE);
  if (!range) return { kind: "scale", classes, min: 0, max: 0 };
  const { min, max } = range;
  await eachBlock(source, (column, first) => {
    if (column.kind !== "number") return;
    for (let row = 0; row < column.count; row++) {
      const value = numberAt(column, row);
      if (!Number.isNaN(value)) classes[first + row] = max > min ? Math.min(LAST, Math.max(0, Math.round(((value - min) / (max - min)) * LAST))) : 0;
    }
  });
  return { kind: "scale", classes, min, max };
}

async function eachBlock(source: ColumnSource, use: (column: Column, first: number) => void): Promise<void> {
  for (let place = 0; place < source.blocks.length; place++) use(await source.block(place), source.blocks[place]!.first);
}
