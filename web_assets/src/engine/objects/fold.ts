/** One result for each object (docs/QUERY.md, "Objects"). The twin of builder/imagedb_site/query/objects.py. */
import { rowsOf, type Mask } from "../mask";
import { SORT_POOL } from "../sort";
import type { Result, SearchResponse, Sort } from "../types";

/** What folding needs of a ranking, and gives. */
export interface Foldable {
  length: number;
  rows: (from: number, to: number) => ArrayLike<number> | Promise<ArrayLike<number>>;
  at: (place: number, row: number) => Result;
  total: number | null;
  strictTotal?: number;
  ranked: boolean;
  divide?: number;
  /** There if the meaning arm is part of the ranking. */
  near?: unknown;
  mask?: Mask | null;
  deeper?: (k: number) => Promise<Foldable>;
  extra?: Pick<SearchResponse, "pictures">;
}

/** Which results are asked for. */
export interface Asked {
  offset: number;
  k: number;
  sort: Sort | null;
}

/** What folding needs to know of rows whose blocks have been loaded. */
export interface Known {
  /** A number that only the pages of one object have in common. */
  key: (row: number) => number;
  place: (row: number) => number;
}

/** Loads the blocks of rows. */
export type Load = (rows: ArrayLike<number>) => Promise<Known>;

/** How many rows of the whole collection are looked at in one step. */
const STEP = 4096;

/** A ranking of all rows in default order. It is read as far as it is needed. @param length how many results it has */
export function foldWhole(ranking: Foldable, length: number, load: Load): Foldable {
  const kept: number[] = [];
  let read = 0;
  let last: Promise<void> = Promise.resolve();
  const upTo = async (to: number): Promise<void> => {
    while (kept.length < to && read < ranking.length) {
      const rows = await ranking.rows(read, Math.min(read + STEP, ranking.length));
      const { place } = await load(rows);
      for (let i = 0; i < rows.length; i++) if (place(rows[i]!) === 0) kept.push(rows[i]!);
      read += rows.length;
    }
  };
  const rows = async (from: number, to: number): Promise<number[]> => {
    last = last.then(() => upTo(to));
    await last;
    return kept.slice(from, to);
  };
  return { ...ranking, rows, length, total: length, extra: { pictures: ranking.length } };
}

/** Any other ranking. */
export async function foldRanking(ranking: Foldable, plan: Asked, load: Load): Promise<Foldable> {
  const wanted = Math.max(plan.offset + plan.k, plan.sort ? SORT_POOL : 0);
  let full = ranking;
  let [rows, places] = await firstOfEach(full, load);
  // A ranking by meaning has as many rows as were asked for, and several of them may be pages of one object.
  for (let k = Math.max(wanted, full.length) * 2; full.deeper && places.length < wanted; k *= 2) {
    const deeper = await full.deeper(k);
    if (deeper.length === full.length) break;
    full = deeper;
    [rows, places] = await firstOfEach(full, load);
  }
  const { divide, mask, near, total, strictTotal } = full;
  const likely = divide === undefined ? {} : { divide: countBelow(places, divide) };
  const words = strictTotal !== undefined && !near ? { strictTotal: strictTotal && countBelow(places, strictTotal) } : {};
  return {
    ...full, ...likely, ...words,
    length: places.length,
    rows: (from, to) => rows.slice(from, to),
    at: (place, row) => full.at(places[place]!, row),
    total: total === null ? null : near && mask ? await objectsAmong(rowsOf(mask), load) : places.length,
    ...(total === null ? {} : { extra: { pictures: total } }),
  };
}

/** The rows that stand for their objects, and their places: the first in the ranking, or without ranks the first page. */
async function firstOfEach(ranking: Foldable, load: Load): Promise<[number[], number[]]> {
  const rows = Array.from(await ranking.rows(0, ranking.length));
  const { key, place } = await load(rows);
  const best = new Map<number, number>();
  rows.forEach((row, at) => {
    const before = best.get(key(row));
    if (before === undefined || (!ranking.ranked && place(row) < place(rows[before]!))) best.set(key(row), at);
  });
  const places = [...best.values()].sort((a, b) => a - b);
  return [places.map((at) => rows[at]!), places];
}

async function objectsAmong(rows: Uint32Array, load: Load): Promise<number> {
  const { key } = await load(rows);
  return new Set(Array.from(rows, key)).size;
}

/** How many of rising numbers are less than a limit. */
function countBelow(numbers: readonly number[], limit: number): number {
  const at = numbers.findIndex((number) => number >= limit);
  return at < 0 ? numbers.length : at;
}
