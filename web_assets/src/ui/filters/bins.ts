/** The bins of a histogram: round numbers, or whole days, months or years. Pure. */

/** About how many bins there are, and the most of days and of months. */
const [AIM, MOST_DAYS, MOST_MONTHS, MOST_YEARS] = [24, 62, 60, 60];
const DAY = 86_400;
/** From this ratio of greatest to smallest value on, bins grow with the values. */
const WIDE = 100;

const year = (seconds: number): number => new Date(seconds * 1000).getUTCFullYear();
const month = (seconds: number): number => year(seconds) * 12 + new Date(seconds * 1000).getUTCMonth();

/** The first second of a month, counted from the year 0. */
function startOf(month: number): number {
  const at = new Date(0);
  at.setUTCFullYear(Math.floor(month / 12), month - 12 * Math.floor(month / 12), 1);
  return at.getTime() / 1000;
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function round(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least * (1 - 1e-9)) ?? least;
}

/** Edges `step` apart that enclose the range. */
function stepped(min: number, max: number, step: number, at: (n: number) => number): number[] {
  const first = Math.floor(min / step + 1e-9);
  const last = Math.max(first + 1, Math.floor(max / step + 1e-9) + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => at((first + i) * step));
}

/** The edges of dates in seconds since 1970. */
export function dateEdges(min: number, max: number): number[] {
  if (max - min <= MOST_DAYS * DAY) return stepped(min, max, DAY, (n) => n);
  const months = month(max) - month(min) + 1;
  if (months <= MOST_MONTHS) return stepped(month(min), month(max), 1, startOf);
  const years = year(max) - year(min) + 1;
  return stepped(year(min), year(max), years <= MOST_YEARS ? 1 : round(years / MOST_YEARS), (n) => startOf(n * 12));
}

/** The edges of numbers; none if they are too large to be told apart by round numbers. */
export function numberEdges(min: number, max: number): number[] | null {
  const edges = numbers(min, max);
  return edges.length > 1 && edges.every((edge, i) => Number.isFinite(edge) && (!i || edge > edges[i - 1]!)) ? edges : null;
}

function numbers(min: number, max: number): number[] {
  if (!Number.isFinite(max - min)) return [];
  if (min > 0 && max / min >= WIDE) {
    const powers = stepped(Math.log10(min), Math.log10(max), 1, (n) => n).slice(0, -1);
    const all = [...powers.flatMap((n) => [1, 2, 5].map((factor) => Number(`${factor}e${n}`))), Number(`1e${powers.at(-1)! + 1}`)];
    const first = all.findLastIndex((edge) => edge <= min);
    const last = all.findIndex((edge) => edge > max);
    return all.slice(Math.max(0, first), last < 0 ? undefined : last + 1);
  }
  const step = round(max > min ? (max - min) / AIM : 1);
  const whole = Number.isInteger(min) && Number.isInteger(max) ? Math.max(1, step) : step;
  // Without the errors of sums of decimal fractions.
  return stepped(min, max, whole, (n) => Number(n.toPrecision(12)));
}

/** The range filter of the bins `from … to`, both included. `whole`: all values are whole numbers, so the range ends before the next. */
export function rangeOfBins(edges: readonly number[], from: number, to: number, whole: boolean): { min: number; max: number } {
  const end = edges[to + 1]!;
  return { min: edges[from]!, max: whole && Number.isInteger(end) && end - 1 >= edges[from]! ? end - 1 : end };
}

/** The first and the last bin that a range touches; null if it touches none. `whole` is that of `rangeOfBins`. */
export function binsOf(edges: readonly number[], whole: boolean, min = -Infinity, max = Infinity): [number, number] | null {
  const last = edges.length - 2;
  let from = edges.findIndex((edge) => edge > min) - 1;
  if (min < edges[0]!) from = 0;
  let to = edges.findLastIndex((edge) => edge <= max);
  // A range of numbers that are not whole ends with the edge of its last bin.
  if (!whole && to > from && edges[to] === max) to--;
  to = Math.min(last, to);
  return from < 0 || to < 0 || from > to ? null : [from, to];
}
