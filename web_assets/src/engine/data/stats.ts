/** How many images have each field, and its most frequent values. The twin of builder/imagedb_site/dataset.py. */
import { own } from "../../base/own";
import { lengthAt, numberAt, type Column } from "../../format/index";
import { QueryError } from "../errors";
import { facetCounts } from "../facets";
import type { Resources } from "../resources";
import type { FieldDefinition, FieldStats, Stats } from "../types";

/** The largest number of values that are counted per field. */
const MOST_VALUES = 1000;

/** @throws QueryError for a limit outside 0 … 1,000 */
export async function statsOf(resources: Resources, { limit = 10, texts = false }: { limit?: number | undefined; texts?: boolean | undefined }): Promise<Stats> {
  if (!Number.isInteger(limit) || limit < 0 || limit > MOST_VALUES) throw new QueryError("The limit of values must be from 0 to 1,000.");
  const { count, manifest: { fields, collection: { hash } } } = resources;
  const known = texts ? await knownTexts(resources) : new Map<string, number>();
  const found: FieldStats[] = [];
  for (const field of fields) {
    if (field.column) {
      found.push(ofColumn(await resources.column(field.name), field, count, limit));
      continue;
    }
    const rows = known.get(field.name) ?? null;
    const missing = rows === null ? null : count - rows;
    found.push({ name: field.name, label: field.label, type: field.type, rows, missing, distinct: null, min: null, max: null, values: [] });
  }
  return { count, hash, fields: found };
}

function ofColumn(column: Column, field: FieldDefinition, count: number, limit: number): FieldStats {
  const { name, label, type } = field;
  const { rows, distinct, min, max } = column.kind === "number" ? ofNumbers(column, type === "date") : ofTexts(column);
  // Most numbers are different in every image, so their values say little and would cost a lot of memory.
  const values = type === "number" || !limit ? [] : facetCounts(column, field, null, limit).map(({ value, count }) => ({ value, count }));
  return { name, label, type, rows, missing: count - rows, distinct, min, max, values };
}

type Counted = Pick<FieldStats, "distinct" | "min" | "max"> & { rows: number };

function ofNumbers(column: Extract<Column, { kind: "number" }>, dates: boolean): Counted {
  let rows = 0;
  let [min, max] = [Infinity, -Infinity];
  for (let row = 0; row < column.count; row++) {
    const value = numberAt(column, row);
    if (Number.isNaN(value)) continue;
    rows++;
    min = Math.min(min, value);
    max = Math.max(max, value + Math.max(lengthAt(column, row) - 1, 0));
  }
  const show = (value: number): number | string => (dates ? dateText(value) : value);
  return { rows, distinct: null, min: rows ? show(min) : null, max: rows ? show(max) : null };
}

function ofTexts(column: Exclude<Column, { kind: "number" }>): Counted {
  const counts = valueCounts(column);
  let rows = 0;
  if (column.kind === "category") rows = counts.reduce((sum, count) => sum + count, 0);
  else for (let row = 0; row < column.count; row++) rows += Number(column.offsets[row + 1]! > column.offsets[row]!);
  return { rows, distinct: counts.reduce((sum, count) => sum + Number(count > 0), 0), min: null, max: null };
}

/** How often each value of a column occurs, by its position in `values`. */
export function valueCounts(column: Exclude<Column, { kind: "number" }>): Uint32Array {
  const counts = new Uint32Array(column.values.length);
  // The code of a missing value lies outside the array, where writing has no effect.
  for (const code of column.codes) counts[code]!++;
  return counts;
}

/** How many documents have a value of each field without a column. Loads every document. */
async function knownTexts(resources: Resources): Promise<Map<string, number>> {
  const names = resources.manifest.fields.filter(({ column }) => !column).map(({ name }) => name);
  const known = new Map(names.map((name) => [name, 0]));
  for (let row = 0; names.length && row < resources.count; row++) {
    const { fields } = await resources.document(row);
    for (const name of names) if (own(fields, name) !== undefined) known.set(name, known.get(name)! + 1);
  }
  return known;
}

/** `YYYY-MM-DDTHH:MM:SS` of seconds since 1970. */
function dateText(seconds: number): string {
  return new Date(Math.floor(seconds) * 1000).toISOString().slice(0, 19);
}
