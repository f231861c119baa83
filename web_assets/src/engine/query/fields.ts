/** Finds the field that a name means, and the values that a field term accepts. */
import type { FieldDefinition, FieldType } from "../../format/index";
import { normal } from "./characters";
import type { FieldTerm } from "./parse";

const KINDS: Readonly<Record<string, FieldType>> = { tag: "tags", tags: "tags", year: "date", date: "date" };

/** The field with a name, or its plural or singular. `tag`, `year` and `date` find a field of that kind. */
export function findField(name: string, fields: readonly FieldDefinition[]): FieldDefinition | null {
  for (const candidate of [name, `${name}s`, name.replace(/s$/, "")]) {
    const field = fields.find((field) => field.name === candidate);
    if (field) return field;
  }
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  return fields.find(({ type, column }) => type === kind && column !== null) ?? null;
}

/** An interval of numbers, or of seconds; `open` ends are not part of it. */
export interface Interval {
  low: number;
  high: number;
  open: boolean;
}

/** Whether a number lies in one of the intervals; NaN, an unknown value, in none. */
export function holds(intervals: readonly Interval[], value: number): boolean {
  return intervals.some(({ low, high, open }) => (open ? value > low && value < high : value >= low && value <= high));
}

/**
 * The intervals that a number or date term means, one for each valid alternative: `2019..2021` includes both
 * years, `>2019` starts after the last second of 2019.
 */
export function intervals({ operator, value }: FieldTerm, dates: boolean): Interval[] {
  if (operator === ":" || operator === "=") {
    return value.split(",").flatMap((alternative) => interval(alternative, dates) ?? []);
  }
  const bounds = boundsOf(value, dates);
  if (!bounds) return [];
  switch (operator) {
    case ">": return [{ low: bounds.high, high: Infinity, open: true }];
    case ">=": return [{ low: bounds.low, high: Infinity, open: false }];
    case "<": return [{ low: -Infinity, high: bounds.low, open: true }];
    case "<=": return [{ low: -Infinity, high: bounds.high, open: false }];
  }
}

interface Bounds {
  low: number;
  high: number;
}

function interval(text: string, dates: boolean): Interval | null {
  const dots = text.indexOf("..");
  if (dots < 0) {
    const bounds = boundsOf(text, dates);
    return bounds && { ...bounds, open: false };
  }
  const [first, last] = [text.slice(0, dots), text.slice(dots + 2)];
  const low = first ? boundsOf(first, dates) : { low: -Infinity };
  const high = last ? boundsOf(last, dates) : { high: Infinity };
  return low && high && { low: low.low, high: high.high, open: false };
}

/** First and last moment of a date (year, month or day) in seconds, or a number twice. */
function boundsOf(text: string, dates: boolean): Bounds | null {
  if (dates) return dateBounds(text);
  if (!/^[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?$/.test(text)) return null;
  return { low: Number(text), high: Number(text) };
}

/** The first and last moment of a year, a month or a day, in seconds since 1970; null if the text is not a date. */
export function dateBounds(text: string): Bounds | null {
  const match = /^([0-9]{4})(?:-([0-9]{1,2}))?(?:-([0-9]{1,2}))?$/.exec(text);
  if (!match) return null;
  const year = Number(match[1]);
  const month = match[2] === undefined ? null : Number(match[2]);
  const day = match[3] === undefined ? null : Number(match[3]);
  if (year < 1 || (month !== null && (month < 1 || month > 12))) return null;
  const first = utc(year, (month ?? 1) - 1, day ?? 1);
  if (day !== null && new Date(first * 1000).getUTCDate() !== day) return null;
  const next = day !== null ? utc(year, month! - 1, day + 1) : month !== null ? utc(year, month, 1) : utc(year + 1, 0, 1);
  return { low: first, high: next - 1 + 0.999 };
}

function utc(year: number, month: number, day: number): number {
  const date = new Date(0);
  // Date.UTC would read the years 0 … 99 as 1900 … 1999.
  date.setUTCFullYear(year, month, day);
  return date.getTime() / 1000;
}

const BOOLEANS: Readonly<Record<string, string>> = { yes: "true", "1": "true", no: "false", "0": "false" };

/**
 * Whether a term accepts a value: tags as a whole, categories by any run of their words. Case, accents, `_` and `-` do
 * not matter; a trailing `*` matches any continuation; commas separate alternatives.
 */
export function valueTest(type: FieldType, wanted: string): (value: string) => boolean {
  const alternatives = wanted.split(",").flatMap((alternative) => {
    const prefix = alternative.endsWith("*");
    const want = normal(alternative.replace(/\*+$/, ""));
    if (!want) return [];
    return [{ prefix, want: type === "boolean" && Object.hasOwn(BOOLEANS, want) ? BOOLEANS[want]! : want }];
  });
  return (value) => {
    const have = normal(value);
    return alternatives.some(({ prefix, want }) =>
      have === want || (prefix && have.startsWith(want)) ||
      (type === "category" && ` ${have} `.includes(` ${want}${prefix ? "" : " "}`)));
  };
}
