/** A list that is ordered by date in periods, each with a heading: months, or years or decades if months have few pictures. Pure. */
import type { Timeline } from "../../engine/types";
import { date, shortMonth } from "../wording";

/** Results that stand together below a heading. */
export interface Period {
  /** The place of its first result. */
  first: number;
  count: number;
  title: string;
}

export interface Dated {
  timeline: Timeline;
  periods: readonly Period[];
  /** The first place of each period. */
  starts: readonly number[];
  /** The first place of each year. */
  years: readonly Period[];
  /** How many results there are. */
  total: number;
  /** The date of the result at a place, in a few letters. */
  at: (index: number) => string;
  /** The days of earlier years that have the day and the month of a date, as dates of documents are written, the latest first. */
  alike: (today: Date) => string[];
}

const DAY_MS = 86_400_000;
/** Months, years or decades have headings if they have at least this many pictures on average. */
const FULL = 2.5;
const [ADDED, UNDATED] = ["Added on this device", "Without a date"];

type Unit = "month" | "year" | "decade";
const UNITS: readonly Unit[] = ["month", "year", "decade"];

/** Null if no result has a date. */
export function datedOf(timeline: Timeline): Dated | null {
  const { added, days, counts, undated } = timeline;
  if (!days.length) return null;
  const starts = new Float64Array(days.length);
  let end = added;
  counts.forEach((count, run) => {
    starts[run] = end;
    end += count;
  });
  /** Neighbours of which the date in a unit is the same. */
  const within = (unit: Unit): Period[] => {
    const found: Period[] = [];
    for (let run = 0; run < counts.length; run++) {
      const title = dateOf(timeline, run, unit);
      const last = found.at(-1);
      if (last?.title === title) last.count += counts[run]!;
      else found.push({ first: starts[run]!, count: counts[run]!, title });
    }
    return found;
  };
  const able = UNITS.map(within);
  const chosen = able.find(({ length }) => end - added >= FULL * length) ?? able.at(-1)!;
  const periods = [...apart(0, added, ADDED), ...chosen.map(titled), ...apart(end, undated, UNDATED)];
  return {
    timeline, periods, starts: periods.map(({ first }) => first), years: able[1]!.map(titled), total: end + undated,
    at: (index) => (index < added ? ADDED : index >= end ? UNDATED : shortly(timeline, lastUpTo(starts, index))),
    alike: (today) => alike(timeline, today),
  };
}

function apart(first: number, count: number, title: string): Period[] {
  return count ? [{ first, count, title }] : [];
}

function titled(period: Period): Period {
  return { ...period, title: period.title.endsWith("s") ? period.title : date(period.title) };
}

/** When a run begins, as dates of documents are written: no more than it says, and no more than a unit. Decades are "1890s". */
function dateOf({ days, precisions }: Timeline, run: number, unit: Unit): string {
  const at = new Date(days[run]! * DAY_MS);
  const year = at.getUTCFullYear();
  if (unit === "decade") return `${String(year - (year % 10))}s`;
  const whole = String(year).padStart(4, "0");
  return unit === "year" || precisions[run] === 2 ? whole : `${whole}-${two(at.getUTCMonth() + 1)}`;
}

function alike({ days, precisions }: Timeline, today: Date): string[] {
  const [year, end] = [today.getFullYear(), `-${two(today.getMonth() + 1)}-${two(today.getDate())}`];
  const found = new Set<string>();
  days.forEach((day, run) => {
    const at = new Date(day * DAY_MS);
    if (precisions[run] !== 0 || at.getUTCFullYear() >= year) return;
    const text = `${String(at.getUTCFullYear()).padStart(4, "0")}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;
    if (text.endsWith(end)) found.add(text);
  });
  return [...found].sort().reverse();
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function shortly(timeline: Timeline, run: number): string {
  return timeline.precisions[run] === 2 ? date(dateOf(timeline, run, "year")) : shortMonth(timeline.days[run]! * (DAY_MS / 1000));
}

/** The last of some rising numbers that is not above a limit. */
function lastUpTo(rising: Float64Array, limit: number): number {
  let [low, high] = [0, rising.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (rising[middle]! <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}
