/** Rankings of both arms, and the page of one that is asked for. */
import type { Similar, Similarities } from "../kernel/index";
import { fuse, FUSION_DEPTH, rankScore } from "./fusion";
import { countMask, rowsOf, type Mask } from "./mask";
import type { Plan } from "./plan";
import { duplicates, likelyFrom } from "./relevance";
import type { Resources } from "./resources";
import { SORT_POOL, sortRows } from "./sort";
import type { WordsFound } from "./words-arm";
import type { Answer, Notice, Result, SearchResponse } from "./types";

/** For how many words of a query results say whether they have them. */
const MATCHED_WORDS = 8;

/** A query of the meaning arm; no vector where its terms cancel out. */
export interface Query {
  vector: Float32Array | null;
  index: Similarities;
}

export interface Ranking {
  /** How many results there are to page through. */
  length: number;
  /** Made only for the results that are shown: a list may be as long as the collection. */
  at: (place: number) => Result;
  total: number | null;
  strictTotal?: number;
  /** For the similarities of the results that are shown. */
  query?: Query;
  /** Whether the results are in an order of relevance. */
  ranked: boolean;
  /** How many of the first results are likely matches. */
  divide?: number;
}

/** How many results of the meaning arm a page needs; in steps, so that pages rarely ask for another number. */
export function reach({ k, offset, sort }: Plan): number {
  const needed = Math.max(offset + k, sort ? SORT_POOL : 0, FUSION_DEPTH);
  return 2 ** Math.ceil(Math.log2(needed));
}

export function rank(plan: Plan, query: Query, words: WordsFound | null, filtered: Mask | null, temperature: number | null): Ranking {
  const mask = words ? words.mask : filtered;
  const allowed = mask && countMask(mask);
  // What only keeps away from something has no end.
  const total = plan.bounded ? allowed : null;
  const wanted = plan.mode === "meaning" ? reach(plan) : FUSION_DEPTH;
  const near = query.index.search(query.vector!, Math.min(wanted, allowed ?? Infinity), mask);
  const divide = temperature === null ? {} : { divide: likely(near, words, likelyFrom(query.index, query.vector!, temperature)) };
  if (plan.mode === "meaning") {
    const at = (place: number): Result => {
      const similarity = near.similarities[place]!;
      return { row: near.rows[place]!, score: similarity, similarity, ranks: { meaning: place } };
    };
    return { length: near.rows.length, at, total, query, ranked: true, ...divide };
  }
  const results = fuse(near.rows, words?.first ?? [], words?.coverage ?? []);
  return { length: results.length, at: (place) => results[place]!, total, query, ranked: true, ...divide, ...strictTotal(words) };
}

export function byWords(words: WordsFound): Ranking {
  const at = (place: number): Result => ({ row: (words.first[place] ?? words.all()[place])!, score: rankScore(place), ranks: { words: place } });
  return { length: words.total, at, total: words.total, ranked: true, ...strictTotal(words), divide: words.strict ?? 0 };
}

/** How many rows are near enough in meaning, or have all words. */
function likely(near: Similar, words: WordsFound | null, limit: number): number {
  const depth = Math.min(near.rows.length, FUSION_DEPTH);
  let first = 0;
  while (first < depth && near.similarities[first]! >= limit) first++;
  const strict = words?.first.subarray(0, words.strict ?? 0) ?? [];
  return new Set([...near.rows.subarray(0, first), ...strict]).size;
}

function strictTotal(words: WordsFound | null): { strictTotal?: number } {
  return words?.strict == null ? {} : { strictTotal: words.strict };
}

/** No results, where nothing can be looked for. */
export function nothing(): Ranking {
  return { length: 0, at: () => { throw new RangeError("There is no result."); }, total: 0, ranked: true };
}

/**
 * All rows, or those of a mask, in default order: first the additions, newest first, then the published rows.
 * @param published how many rows are published; those from there on are additions
 */
export function browse(mask: Mask | null, count: number, published: number): Ranking {
  const rows = mask && rowsOf(mask);
  const length = rows?.length ?? count;
  const first = rows ? rows.findIndex((row) => row >= published) : published;
  const added = first < 0 ? 0 : length - first;
  const rowAt = (at: number) => rows?.[at] ?? at;
  return {
    length, total: length, ranked: false,
    at: (place) => ({ row: rowAt(place < added ? length - 1 - place : place - added), score: 0 }),
  };
}

/** The answer: the page of `ranking` that `plan` asks for. */
export async function finish(
  resources: Resources, plan: Plan, ranking: Ranking, stage: SearchResponse["stage"], notices: Notice[], started: number,
): Promise<Answer> {
  const { results, left } = await page(resources, plan, ranking);
  if (ranking.query?.vector) {
    const { index, vector } = ranking.query;
    const similarities = index.similarities(vector, results.map(({ row }) => row));
    results.forEach((result, i) => { result.similarity = similarities[i]!; });
    if (plan.group) {
      const same = duplicates(results.map(({ row }) => row), index);
      for (const result of results) if (same.has(result.row)) result.duplicateOf = same.get(result.row)!;
    }
  }
  if (ranking.strictTotal !== undefined) await addMatched(resources, plan, results);
  const { total, strictTotal } = ranking;
  const divide = plan.sort && plan.sort.field !== "relevance" ? undefined : ranking.divide;
  if (divide !== undefined) results.forEach((result, i) => { result.likely = plan.offset + i < divide; });
  const infos = plan.infos ? await resources.infos(results.map(({ row }) => row)) : null;
  return {
    results,
    ...(infos ? { infos } : {}),
    total,
    ...(strictTotal === undefined ? {} : { strictTotal }),
    ...(divide === undefined ? {} : { divide }),
    stage,
    notices: left ? [...notices, { kind: "truncated", message: `The ${SORT_POOL} best matches were put in this order.` }] : notices,
    elapsedMs: performance.now() - started,
  };
}

/** Say of each result which words of the query it has. */
async function addMatched(resources: Resources, plan: Plan, results: Result[]): Promise<void> {
  const catalog = await resources.catalog();
  const having = plan.text.words.slice(0, MATCHED_WORDS).map((word) => ({ word, rows: catalog.withWord(word) }));
  for (const result of results) result.matched = having.flatMap(({ word, rows }) => (includes(rows, result.row) ? [word] : []));
}

/** Whether rising rows hold one. */
function includes(rows: Uint32Array, row: number): boolean {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]! < row) low = middle + 1;
    else high = middle;
  }
  return rows[low] === row;
}

/** The results that are asked for, and whether another order than that of relevance left some out. */
async function page(resources: Resources, plan: Plan, ranking: Ranking): Promise<{ results: Result[]; left: boolean }> {
  const { offset, k, limit, sort } = plan;
  const { length, at, ranked } = ranking;
  const end = Math.min(length, offset + k, limit);
  if (!sort || sort.field === "relevance" || (sort.field === "default" && !ranked)) {
    const backwards = sort?.direction === "descending" && sort.field === "default";
    const places = Array.from({ length: Math.max(0, end - offset) }, (_, i) => (backwards ? length - 1 - offset - i : offset + i));
    return { results: places.map(at), left: false };
  }
  const pool = ranked ? Math.min(length, SORT_POOL) : length;
  const items = Array.from({ length: pool }, (_, place) => ({ place, row: at(place).row }));
  const descending = sort.direction === "descending";
  const sorted = sort.field === "default"
    ? items.sort((a, b) => (descending ? b.row - a.row : a.row - b.row))
    : sortRows(items, await resources.column(sort.field), descending, resources.field(sort.field).label);
  return { results: sorted.slice(offset, end).map(({ place }) => at(place)), left: pool < length };
}
