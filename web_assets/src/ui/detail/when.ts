/** Which pictures were taken around the same time as another. Pure. */
import { dateSpan } from "../../base/dates";
import { own } from "../../base/own";
import { date } from "../wording";
import type { FieldDefinition, Filter, ImageDocument, SearchRequest } from "../../engine/types";

const DAY = 86_400;
/** How far from its date (s) others are looked for: the second only if the first has none. */
export const AROUND = [DAY, 31 * DAY];
/** Less than the precision of any date. */
const MOMENT = 0.001;
/** Dates of what a picture shows, before dates of its file. */
const FIRST = /^(date_)?(taken|captured|shot|photographed|original)|^date(_?time)?(_original)?$/;

/** The date of a picture, and all there is of its day; of its month or year if it does not say more. */
export interface Moment {
  field: FieldDefinition;
  start: number;
  length: number;
  /** Everything of this day, as a filter, and the day in words. */
  day: Extract<Filter, { kind: "range" }>;
  shown: string;
}

/** Null if it has no date to search by. */
export function momentOf(document: ImageDocument, fields: readonly FieldDefinition[]): Moment | null {
  const dated = fields.filter(({ type, column }) => type === "date" && column);
  for (const field of [...dated.filter(({ name }) => FIRST.test(name)), ...dated.filter(({ name }) => !FIRST.test(name))]) {
    const value = own(document.fields, field.name);
    const span = typeof value === "string" ? dateSpan(value) : null;
    if (!span) continue;
    const min = span.length > DAY ? span.start : Math.floor(span.start / DAY) * DAY;
    const max = min + Math.max(DAY, span.length) - 1;
    return { field, ...span, day: { field: field.name, kind: "range", min, max }, shown: date(String(value).slice(0, 10)) };
  }
  return null;
}

/** The searches for what came before, the latest first, and for what came then and after, the earliest first. */
export function searchesAround({ field: { name: field }, start, length }: Moment, around: number, k: number): [SearchRequest, SearchRequest] {
  const reach = Math.max(around, length);
  return [
    { mode: "all", infos: true, k, filters: [{ field, kind: "range", min: start - reach, max: start - MOMENT }], sort: { field, direction: "descending" } },
    { mode: "all", infos: true, k: k + 1, filters: [{ field, kind: "range", min: start, max: start + length + reach }], sort: { field, direction: "ascending" } },
  ];
}
