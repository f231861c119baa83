/** The bins of the plots on the Data page, each of which is a filter. Pure but for the collection. */
import type { Collection } from "../../api/types";
import type { FieldDefinition, Filter, Histogram } from "../../engine/types";
import { dateEdges, numberEdges, rangeOfBins } from "../filters/bins";
import { amount, dayOf, range } from "../wording";

/** The most bars of a plot: on the narrowest phone each is wide enough for a finger. */
export const MOST_BARS = 12;

export interface Plot extends Histogram {
  edges: number[];
}

/** One bar: how many rows it has, what it stands for in words, and the filter that finds its rows. */
export interface Bar {
  count: number;
  text: string;
  filter: Filter;
}

/** Fewer edges: every second, every third, … so that there are at most `most` bins. The first and the last edge enclose what they did. */
export function coarser(edges: readonly number[], most: number): number[] {
  const step = Math.ceil((edges.length - 1) / most);
  const kept = edges.filter((_, i) => i % step === 0);
  return kept.at(-1) === edges.at(-1) ? kept : [...kept, edges.at(-1)!];
}

/** Counts the values of a number or a date; null if it has none, or if they cannot be told apart. */
export async function countPlot(collection: Pick<Collection, "range" | "histogram">, { name, type }: FieldDefinition): Promise<Plot | null> {
  const span = await collection.range(name);
  const all = span && (type === "date" ? dateEdges : numberEdges)(span.min, span.max);
  if (!all) return null;
  const edges = coarser(all, MOST_BARS);
  return { edges, ...await collection.histogram(name, { edges }) };
}

/** The bars of a plot from the left. */
export function barsOf({ edges, counts, whole }: Plot, field: FieldDefinition): Bar[] {
  const ends = whole || field.type === "date";
  return counts.map((count, bin) => {
    const { min, max } = rangeOfBins(edges, bin, bin, ends);
    return { count, text: written(field, min, max), filter: { field: field.name, kind: "range", min, max } };
  });
}

/** A range in words: whole years as years, a single value as itself. */
function written(field: FieldDefinition, min: number, max: number): string {
  if (field.type !== "date") return min === max ? amount(min, field) : range(field, min, max);
  const [first, last] = [dayOf(min), dayOf(max)];
  if (first.endsWith("-01-01") && last.endsWith("-12-31")) {
    const [from, to] = [String(Number(first.slice(0, -6))), String(Number(last.slice(0, -6)))];
    return from === to ? from : `${from} – ${to}`;
  }
  return first === last ? range(field, min, undefined).replace(/^since /, "") : range(field, min, max);
}
