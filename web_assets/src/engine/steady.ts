/**
 * Results that are on screen keep their places when the model refines them, if it finds hardly any difference between them
 * (docs/QUERY.md, "Steady places").
 */
import type { Near } from "./nearest";
import { rankScore } from "./fusion";
import type { Plan } from "./plan";
import type { Ranking } from "./ranking";
import type { Result } from "./types";

/** Results whose similarities differ by less than this share of the temperature are alike: half a logit. */
const MARGIN = 0.5;
/** At most this many results, from the first one of a page on, keep their places. */
const MOST = 1000;

/** The lowest and the highest score that a result would have if its similarity were half of the margin different. */
export interface Bounds {
  low: number;
  high: number;
}

function boundsOf({ similarities }: Near, temperature: number, fused: boolean): (result: Result) => Bounds {
  const half = (MARGIN * temperature) / 2;
  return ({ score, ranks }) => {
    const rank = ranks?.meaning;
    // The similarity of a row that only its words found is not known.
    if (rank === undefined) return { low: score, high: score };
    const similarity = similarities[rank]!;
    if (!fused) return { low: similarity - half, high: similarity + half };
    const words = score - rankScore(rank);
    return {
      low: words + rankScore(Math.max(rank, firstBelow(similarities, similarity - half) - 1)),
      high: words + rankScore(Math.min(rank, firstBelow(similarities, similarity + half))),
    };
  };
}

/** The first place of falling `values` with less than `limit`. */
function firstBelow(values: Float64Array, limit: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * `ranking` with the results of the plan's page in the places that they had in `shown`, as far as they are alike.
 * @param shown the rows that were on screen
 */
export async function keepPlaces(
  ranking: Ranking, shown: readonly number[], { mode, offset, k, limit, sort }: Plan, temperature: number,
): Promise<Ranking> {
  const { near, divide = 0, length } = ranking;
  const end = Math.min(length, offset + k, limit, offset + MOST);
  if (!near || end <= offset || (sort && sort.field !== "relevance")) return ranking;
  const rows = Array.from(await ranking.rows(offset, end));
  const results = rows.map((row, i) => ranking.at(offset + i, row));
  const bounds = results.map(boundsOf(near, temperature, mode !== "meaning"));
  // Likely matches stay before the others.
  const middle = Math.max(0, Math.min(divide - offset, rows.length));
  const order = [...placed(rows, bounds, shown, 0, middle), ...placed(rows, bounds, shown, middle, rows.length)];
  return {
    ...ranking,
    rows: async (from, to) => {
      const asked = Array.from(await ranking.rows(from, to));
      return asked.map((row, i) => (from + i >= offset && from + i < end ? rows[order[from + i - offset]!]! : row));
    },
    at: (place, row) => (place >= offset && place < end ? results[order[place - offset]!]! : ranking.at(place, row)),
  };
}

/**
 * The places `from … to − 1` of a list in a new order: as many results as possible where they were, but none before another whose
 * lowest score is above its highest. A place that nobody keeps goes to the best result that keeps no later one.
 * @param rows in the list's order
 */
export function placed(rows: readonly number[], bounds: readonly Bounds[], shown: readonly number[], from: number, to: number): number[] {
  const placeOf = new Map(shown.map((row, place) => [row, place]));
  const places = Array.from({ length: to - from }, (_, i) => from + i);
  const own = new Map(places.map((at) => [placeOf.get(rows[at]!), at]));
  const byLow = [...places].sort((a, b) => bounds[b]!.low - bounds[a]!.low);
  const left = new Set(places);
  const order: number[] = [];
  let lowest = 0;
  for (const place of places) {
    while (!left.has(byLow[lowest]!)) lowest++;
    const least = bounds[byLow[lowest]!]!.low;
    const fits = (at: number): boolean => left.has(at) && bounds[at]!.high >= least;
    const keeps = (at: number): boolean => {
      const later = placeOf.get(rows[at]!);
      return later !== undefined && later > place && later < to;
    };
    const wanted = own.get(place) ?? -1;
    const next = fits(wanted) ? wanted : first(left, (at) => fits(at) && !keeps(at)) ?? first(left, () => true)!;
    left.delete(next);
    order.push(next);
  }
  return order;
}

function first(set: ReadonlySet<number>, test: (value: number) => boolean): number | undefined {
  for (const value of set) if (test(value)) return value;
  return undefined;
}
