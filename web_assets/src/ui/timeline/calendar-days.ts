/** The years, months and days of a timeline, with the numbers of their results. Pure. */
import type { Timeline } from "../../engine/types";

/** A part of the calendar that has results. */
export interface Counted {
  count: number;
  /** The place of the first of its results in the list. */
  first: number;
}

export interface Year extends Counted {
  year: number;
  /** By month, from January = 0; null if a month has no results. What is dated by its year alone is in none. */
  months: (Month | null)[];
}

export interface Month extends Counted {
  /** By day, from 1. What is dated by its month alone is in none. */
  days: ReadonlyMap<number, Counted>;
}

const DAY_MS = 86_400_000;

/** The years with results, the latest first. */
export function yearsOf({ added, days, precisions, counts }: Timeline): Year[] {
  const years = new Map<number, Year & { months: (Month & { days: Map<number, Counted> } | null)[] }>();
  let first = added;
  days.forEach((day, run) => {
    const at = new Date(day * DAY_MS);
    const count = counts[run]!;
    const [number, month] = [at.getUTCFullYear(), at.getUTCMonth()];
    const year = add(years, number, () => ({ year: number, months: new Array<null>(12).fill(null), count: 0, first }), count);
    if (precisions[run] !== 2) {
      const known = year.months[month] ??= { days: new Map(), count: 0, first };
      known.count += count;
      if (precisions[run] === 0) add(known.days, at.getUTCDate(), () => ({ count: 0, first }), count);
    }
    first += count;
  });
  return [...years.values()].sort((one, other) => other.year - one.year);
}

function add<Part extends Counted>(parts: Map<number, Part>, key: number, make: () => Part, count: number): Part {
  const part = parts.get(key) ?? make();
  part.count += count;
  parts.set(key, part);
  return part;
}

/** A year, a month (from 0) of it, and a day as dates of documents are written. */
export function dateText(year: number, month?: number, day?: number): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return String(year).padStart(4, "0") + (month === undefined ? "" : `-${two(month + 1)}`) + (day === undefined ? "" : `-${two(day)}`);
}

/** How many days a month has, and on which day of the week it begins, from Monday = 0. */
export function shapeOf(year: number, month: number): { days: number; begins: number } {
  const first = new Date(0);
  first.setUTCFullYear(year, month, 1);
  const next = new Date(0);
  next.setUTCFullYear(year, month + 1, 1);
  return { days: Math.round((next.getTime() - first.getTime()) / DAY_MS), begins: (first.getUTCDay() + 6) % 7 };
}
