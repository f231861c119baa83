/** How many images have each field, and its most frequent values. The twin of builder/imagedb_site/dataset.py. */
import { own } from "../../base/own";
import type { ValueCount } from "../../format/index";
import type { ColumnSource } from "../column-source";
import { rangeOf } from "../columns";
import { QueryError } from "../errors";
import { facetCounts } from "../facets";
import type { StatsOptions } from "../methods";
import type { Resources } from "../resources";
import type { FieldDefinition, FieldStats, Stats } from "../types";
import { byFrequency } from "../values";

/** The largest number of values that are counted per field. */
const MOST_VALUES = 1000;

/** @throws QueryError for a limit outside 0 … 1,000 */
export async function statsOf(resources: Resources, { limit = 10, texts = false, fields: names, rows }: StatsOptions): Promise<Stats> {
  if (!Number.isInteger(limit) || limit < 0 || limit > MOST_VALUES) throw new QueryError("The limit of values must be from 0 to 1,000.");
  const { count, manifest: { collection: { hash } } } = resources;
  const fields = resources.manifest.fields.filter(({ name }) => !names || names.includes(name));
  const [first, end] = rows ?? [0, count];
  const known = texts ? await knownTexts(resources, fields, first, end) : new Map<string, number>();
  const found: FieldStats[] = [];
  for (const field of fields) {
    if (field.column) {
      found.push(await ofColumn(await resources.columnSource(field.name), field, count, limit));
      continue;
    }
    const rows = known.get(field.name) ?? null;
    const missing = rows === null ? null : end - first - rows;
    found.push({ name: field.name, label: field.label, type: field.type, rows, missing, distinct: null, min: null, max: null, values: [] });
  }
  return { count, hash, fields: found };
}

async function ofColumn(source: ColumnSource, field: FieldDefinition, count: number, limit: number): Promise<FieldStats> {
  const { name, label, type } = field;
  const range = rangeOf(source);
  const show = (value: number): number | string => (type === "date" ? dateText(value) : value);
  // Most numbers are different in every image, so their values say little and would cost a lot of memory.
  const counts = type === "number" || !limit ? [] : await facetCounts(source, field, null, limit, undefined, true);
  return {
    name, label, type, rows: source.known, missing: count - source.known,
    distinct: type === "number" || type === "date" ? null : source.values ? source.values.count : (await ownValues(source)).length,
    min: range && show(range.min), max: range && show(range.max), values: counts.map(({ value, count }) => ({ value, count })),
  };
}

/** All values of tags, categories or booleans with their numbers of rows, the most frequent first, ties in code-point order. Paths count for themselves only. */
export async function ownValues(source: ColumnSource): Promise<ValueCount[]> {
  if (source.values) return byFrequency(await source.values.all());
  const column = await source.whole();
  if (column.kind === "number") return [];
  const counts = new Uint32Array(column.values.length);
  // The code of a missing value lies outside the array, where writing has no effect.
  for (const code of column.codes) counts[code]!++;
  return byFrequency(column.values.map((value, code) => ({ value, count: counts[code]! })).filter(({ count }) => count));
}

/** How many of the documents `first … end - 1` have a value of each field without a column. Loads these documents. */
async function knownTexts(resources: Resources, fields: readonly FieldDefinition[], first: number, end: number): Promise<Map<string, number>> {
  const names = fields.filter(({ column }) => !column).map(({ name }) => name);
  const known = new Map(names.map((name) => [name, 0]));
  for (let row = first; names.length && row < end; row++) {
    const { fields } = await resources.document(row);
    for (const name of names) if (own(fields, name) !== undefined) known.set(name, known.get(name)! + 1);
  }
  return known;
}

/** `YYYY-MM-DDTHH:MM:SS` of seconds since 1970. */
function dateText(seconds: number): string {
  return new Date(Math.floor(seconds) * 1000).toISOString().slice(0, 19);
}
