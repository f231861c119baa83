/** Which numbers and dates a field term or a filter means (docs/QUERY.md, "Fields"). */
import { dateSpan } from "../../base/dates";
import type { FieldTerm } from "./parse";
import { plainRange } from "./typed";

/** Whether a number, or a date with its start and length in seconds, is meant; NaN, an unknown value, never is. */
export interface NumberTest {
  (value: number, length: number): boolean;
  /** Whether one of the values from `min` to `max` may be meant; of dates these are the first and the last second. */
  reaches: (min: number, max: number) => boolean;
}

function testOf(test: (value: number, length: number) => boolean, reaches: NumberTest["reaches"]): NumberTest {
  return Object.assign(test, { reaches });
}

/** The test of a number or date term; `2019..2021` includes both ends. */
export function intervalTest({ operator, value, alternatives }: FieldTerm, dates: boolean): NumberTest {
  const bounds = dates ? dateBounds : numberBounds;
  if (operator === ":" || operator === "=") {
    return anyOf(alternatives.flatMap((alternative) => between(plainRange(alternative, dates), bounds, dates) ?? []));
  }
  const asked = bounds(plainRange(value, dates));
  if (!asked) return anyOf([]);
  const { low, high } = asked;
  switch (operator) {
    case ">": return testOf(dates ? (start) => start >= high : (number) => number > high, (_, max) => max >= high);
    case ">=": return rangeOf(low, Infinity, dates);
    case "<": return testOf(dates ? (start, length) => start < low && start + length <= low : (number) => number < low, (min) => min < low);
    case "<=": return rangeOf(-Infinity, high, dates);
  }
}

/** The test of a range filter that includes both ends, of dates with their whole last second. */
export function rangeTest(min: number, max: number, dates: boolean): NumberTest {
  return rangeOf(min, dates ? Math.floor(max) + 1 : max, dates);
}

/** The test of one value, a number or a date as a query has it; null if the text is none. */
export function exactTest(text: string, dates: boolean): NumberTest | null {
  if (dates) {
    const bounds = dateBounds(text);
    return bounds && rangeOf(bounds.low, bounds.high, true);
  }
  const number = text.trim() ? Number(text) : NaN;
  return Number.isFinite(number) ? testOf((value) => value === number, (min, max) => min <= number && number <= max) : null;
}

export function anyOf(tests: readonly NumberTest[]): NumberTest {
  return testOf((value, length) => tests.some((test) => test(value, length)), (min, max) => tests.some((test) => test.reaches(min, max)));
}

interface Bounds {
  low: number;
  /** The end; for dates it is the start of the next date. */
  high: number;
}

/** Numbers from `low` to `high`, or dates whose interval reaches into the one from `low` to before `high`. */
function rangeOf(low: number, high: number, dates: boolean): NumberTest {
  if (!dates) return testOf((number) => number >= low && number <= high, (min, max) => min <= high && max >= low);
  if (low >= high) return anyOf([]);
  // A date ends less than a second after its last second.
  return testOf((start, length) => start < high && (start >= low || start + length > low), (min, max) => min < high && max + 1 > low);
}

function between(text: string, bounds: (text: string) => Bounds | null, dates: boolean): NumberTest | null {
  const dots = text.indexOf("..");
  const [first, last] = dots < 0 ? [text, text] : [text.slice(0, dots), text.slice(dots + 2)];
  const low = dots >= 0 && !first ? -Infinity : bounds(first)?.low;
  const high = dots >= 0 && !last ? Infinity : bounds(last)?.high;
  return low === undefined || high === undefined ? null : rangeOf(low, high, dates);
}

function numberBounds(text: string): Bounds | null {
  if (!/^[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?$/.test(text)) return null;
  return { low: Number(text), high: Number(text) };
}

const DATE = /^([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2})(?:[Tt]([0-9]{1,2})(?::([0-9]{2})(?::([0-9]{2}))?)?)?)?)?$/;
const MARKS = ["", "-", "-", "T", ":", ":"];

/**
 * The start of a date in a query and the start of the next date, in seconds since 1970; null if the text is not a date.
 * A year, a month, a day, an hour, a minute or a second: `2020`, `2020-5`, `2020-05-07T10:30`.
 */
export function dateBounds(text: string): Bounds | null {
  const parts: (string | undefined)[] = DATE.exec(text)?.slice(1) ?? [];
  const span = dateSpan(parts.map((part, i) => (part === undefined ? "" : MARKS[i]! + part.padStart(2, "0"))).join(""));
  return span && { low: span.start, high: span.start + (span.length || 1) };
}
