/** Dates of documents (docs/FORMAT.md 2.2): a year, a month, a day, an hour, a minute or a moment on the wall. */

/** When a date starts, in seconds from 1970-01-01T00:00:00 on the wall, and how long it lasts. */
export interface DateSpan {
  start: number;
  /** Seconds; 0 for a time with seconds. */
  length: number;
}

const DAY = 86_400;
const NORMAL = /^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2})(?::([0-9]{2})(?::([0-9]{2}(?:\.[0-9]{1,9})?))?)?)?)?)?$/;

/** The interval that a date says; null if the text is not a date as documents have it. */
export function dateSpan(text: string): DateSpan | null {
  const match = NORMAL.exec(text);
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1).map((part: string | undefined) => (part === undefined ? null : Number(part)));
  const start = utc(year!, (month ?? 1) - 1, day ?? 1);
  if (!year || month === 0 || (month ?? 1) > 12 || day === 0 || new Date(start * 1000).getUTCMonth() !== (month ?? 1) - 1) return null;
  if ((hour ?? 0) > 23 || (minute ?? 0) > 59 || (second ?? 0) >= 60) return null;
  if (month == null) return { start, length: utc(year + 1, 0, 1) - start };
  if (day == null) return { start, length: utc(year, month, 1) - start };
  if (hour == null) return { start, length: DAY };
  const moment = start + hour * 3600 + (minute ?? 0) * 60 + (second ?? 0);
  return { start: moment, length: minute == null ? 3600 : second == null ? 60 : 0 };
}

/** Seconds since 1970 at the beginning of a day; months count from 0 and may be too great. */
function utc(year: number, month: number, day: number): number {
  const date = new Date(0);
  // Date.UTC would read the years 0 … 99 as 1900 … 1999.
  date.setUTCFullYear(year, month, day);
  return date.getTime() / 1000;
}
