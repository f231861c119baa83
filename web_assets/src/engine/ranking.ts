/** Rankings of both arms, and the requested page of one. */
import { fuse, FUSION_DEPTH, rankScore } from "./fusion";
import type { Likeness } from "./likeness";
import { countMask, type Mask } from "./mask";
import type { Near, Nearest } from "./nearest";
import type { Foldable } from "./objects/fold";
import { missingNotice, type Missing } from "./partial-words";
import type { Plan } from "./plan";
import { duplicates } from "./relevance";
import type { Resources } from "./resources";
import { SORT_POOL, sortByKeys, sortPlaces } from "./sort";
import type { WordsFound } from "./words-arm";
import type { Answer, Notice, Result, SearchResponse } from "./types";

/** The largest number of query words that each result reports matches for. */
const MATCHED_WORDS = 8;

/** A query of the meaning arm; no likeness if its terms cancel out. */
export interface Query {
  likeness: Likeness | null;
  nearest: Nearest;
  /** The texts whose language the model does not know: then no match is likely by meaning. */
  strange: readonly string[];
}

export interface Ranking {
  /** How many results there are to page through. */
  length: number;
  /** The rows at the places `from … to − 1`. */
  rows: (from: number, to: number) => ArrayLike<number> | Promise<ArrayLike<number>>;
  /** The result at a place, with its row; only for the results that are shown, as a list may be as long as the collection. */
  at: (place: number, row: number) => Result;
  total: number | null;
  strictTotal?: number;
  /** The longer words that were looked for, by the word of the query that they contain. */
  parts?: ReadonlyMap<string, readonly string[]>;
  /** What the words arm could not load; null for nothing. */
  missing?: Missing | null;
  /** The query that gives the similarities of the results that are shown. */
  query?: Query;
  /** Whether the results are in an order of relevance. */
  ranked: boolean;
  /** How many of the first results are likely matches. */
  divide?: number;
  /** How many rows of the meaning arm, from the first, are likely matches by meaning alone. */
  close?: number;
  /** What the meaning arm found, if it is part of the ranking. */
  near?: Near;
  /** The rows that may be results; null for all. */
  mask?: Mask | null;
  /** The ranking for more results, if that depends on their number. */
  deeper?: (k: number) => Promise<Ranking>;
  /** What else the answer says, if the pages of an object are one result. */
  extra?: Pick<SearchResponse, "pictures">;
}

/** How many results of the meaning arm a page needs; rounded up in steps, so that most pages need the same number. */
export function reach({ k, offset, sort }: Plan): number {
  const needed = Math.max(offset + k, sort ? SORT_POOL : 0, FUSION_DEPTH);
  return 2 ** Math.ceil(Math.log2(needed));
}

/** @throws the signal's reason on abort */
export async function rank(
  plan: Plan, query: Query, words: WordsFound | null, filtered: Mask | null, signal?: AbortSignal,
): Promise<Ranking> {
  const mask = words ? words.mask : filtered;
  const allowed = mask && countMask(mask);
  // A query of negative terms alone matches everything to some degree.
  const total = plan.bounded ? allowed : null;
  const wanted = plan.mode === "meaning" ? reach(plan) : FUSION_DEPTH;
  const near = await query.likeness!.search(Math.min(wanted, allowed ?? Infinity), mask, signal);
  const named = namedRows(plan, words).length;
  const likely = likelyRows(plan, near, words, query);
  const divide = likely ? { divide: likely.length } : {};
  const shared = { total, query, ranked: true, near, mask, close: closeRows(near, query), ...divide };
  if (plan.mode === "meaning") {
    return {
      ...shared,
      deeper: (k) => rank({ ...plan, offset: 0, k }, query, words, filtered, signal),
      length: near.rows.length,
      rows: (from, to) => near.rows.subarray(from, to),
      at: (place, row) => ({ row, score: near.similarities[place]!, similarity: near.similarities[place]!, ranks: { meaning: place } }),
    };
  }
  const results = fuse(near.rows, words?.first ?? [], words?.coverage ?? [], named);
  return {
    ...shared,
    length: results.length,
    rows: (from, to) => results.slice(from, to).map(({ row }) => row),
    at: (place) => results[place]!,
    ...wordsTotals(words),
  };
}

export function byWords(words: WordsFound): Ranking {
  return {
    length: words.total,
    rows: async (from, to) => (to <= words.first.length ? words.first : await words.upTo(to)).subarray(from, to),
    at: (place, row) => ({ row, score: rankScore(place), ranks: { words: place } }),
    total: words.total, ranked: true, ...wordsTotals(words), divide: words.strict ?? 0,
  };
}

/** The likely matches: near enough in meaning, or with all words. Null if there is no divide. */
export function likelyRows(plan: Plan, near: Near, words: WordsFound | null, query: Query): Uint32Array | null {
  const named = namedRows(plan, words);
  if (named.length) return named;
  if (query.likeness?.limit == null) return null;
  const strict = words?.first.subarray(0, words.strict ?? 0) ?? [];
  return Uint32Array.from(new Set([...near.rows.subarray(0, closeRows(near, query)), ...strict]));
}

/** How many of the nearest rows are likely matches by meaning alone. */
function closeRows({ rows, similarities }: Near, { likeness }: Query): number {
  const limit = likeness?.limit ?? Infinity;
  const depth = Math.min(rows.length, FUSION_DEPTH);
  let close = 0;
  while (close < depth && similarities[close]! >= limit) close++;
  return close;
}

/** The rows with all words, if the words look like names of files and nothing else is searched for. */
function namedRows({ terms }: Plan, words: WordsFound | null): Uint32Array {
  const only = words?.names && terms.every((term) => term.kind === "text" && term.weight > 0);
  return only ? words.first.subarray(0, Math.min(words.strict ?? 0, FUSION_DEPTH)) : new Uint32Array();
}

function wordsTotals(words: WordsFound | null): Pick<Ranking, "strictTotal" | "parts" | "missing"> {
  if (words?.strict == null) return {};
  const { parts, missing } = words;
  return { strictTotal: missing?.words.length ? 0 : words.strict, parts, missing };
}

/** No results: there is nothing to search for. */
export function nothing(): Ranking {
  return { length: 0, rows: () => [], at: () => { throw new RangeError("There is no result."); }, total: 0, ranked: true };
}

/** The answer: the page of `ranking` that the plan requests. */
export async function finish(
  resources: Resources, plan: Plan, ranking: Ranking, stage: SearchResponse["stage"], notices: Notice[], started: number,
): Promise<Answer> {
  const objects = plan.byObject === undefined ? null : await resources.objects();
  const shown: Foldable = objects && plan.byObject ? await objects.fold(ranking, plan, resources.count) : ranking;
  const { results, left } = await page(resources, plan, shown);
  await objects?.mark(results);
  if (ranking.query?.likeness) {
    const { nearest, likeness } = ranking.query;
    const rows = results.map(({ row }) => row);
    const [similarities, same] = await Promise.all([likeness.cosines(rows), plan.group && !nearest.rough ? duplicates(rows, nearest) : null]);
    results.forEach((result, i) => {
      result.similarity = similarities[i]!;
      result.close = (result.ranks?.meaning ?? Infinity) < (ranking.close ?? 0);
    });
    if (same) {
      for (const result of results) if (same.has(result.row)) result.duplicateOf = same.get(result.row)!;
    }
  }
  if (ranking.strictTotal !== undefined) await addMatched(resources, plan, ranking, results);
  const { missing, near } = ranking;
  const { total, strictTotal, extra } = shown;
  const all: Notice[] = [...notices, ...missing ? missingNotice(missing) : [], ...near?.lost ? [{ kind: "info" as const, message: near.lost, retry: true as const }] : []];
  const divide = plan.sort && plan.sort.field !== "relevance" ? undefined : shown.divide;
  if (divide !== undefined) results.forEach((result, i) => { result.likely = plan.offset + i < divide; });
  const infos = plan.infos ? await resources.infos(results.map(({ row }) => row), Boolean(near)) : null;
  return {
    results,
    ...(infos ? { infos } : {}),
    total,
    ...extra,
    ...(strictTotal === undefined ? {} : { strictTotal }),
    ...(divide === undefined ? {} : { divide }),
    stage,
    notices: left ? [...all, { kind: "truncated", message: `The ${SORT_POOL} best matches were put in this order.` }] : all,
    elapsedMs: performance.now() - started,
  };
}

/** Add to each result which words of the query it has, or which longer words that contain them. */
async function addMatched(resources: Resources, plan: Plan, { parts, missing, strictTotal }: Ranking, results: Result[]): Promise<void> {
  const catalog = await resources.catalog();
  const words = plan.text.words.filter((word) => !missing?.words.includes(word)).slice(0, MATCHED_WORDS);
  // The first rows for plain words have all of them, so their lists need not be read. Rows of an expression may lack some.
  const plain = plan.text.loose !== null;
  const hasAll = ({ ranks }: Result) => plain && ranks?.words !== undefined && ranks.words < strictTotal!;
  for (const result of results) result.matched = hasAll(result) ? [...words] : [];
  const others = results.filter((result) => !hasAll(result));
  for (const word of words) {
    let left = others;
    for (const candidate of [word, ...parts?.get(word) ?? []]) {
      if (!left.length) break;
      const rows = await catalog.withWord(candidate);
      const having = left.filter(({ row }) => includes(rows, row));
      for (const result of having) result.matched!.push(candidate);
      left = left.filter((result) => !having.includes(result));
    }
  }
}

/** Whether ascending `rows` contain a row. */
function includes(rows: Uint32Array, row: number): boolean {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]! < row) low = middle + 1;
    else high = middle;
  }
  return rows[low] === row;
}

/** The requested results, and whether sorting left some out (only the most relevant ones are sorted). */
async function page(resources: Resources, plan: Plan, ranking: Foldable): Promise<{ results: Result[]; left: boolean }> {
  const { offset, k, limit, sort } = plan;
  const { length, rows, at, ranked } = ranking;
  const end = Math.min(length, offset + k, limit);
  const start = Math.min(offset, end);
  if (!sort || sort.field === "relevance" || (sort.field === "default" && !ranked)) {
    const backwards = sort?.direction === "descending" && sort.field === "default";
    const from = backwards ? length - end : start;
    const results = Array.from(await rows(from, from + end - start), (row, i) => at(from + i, row));
    return { results: backwards ? results.reverse() : results, left: false };
  }
  const pool = ranked ? Math.min(length, SORT_POOL) : length;
  const all = await rows(0, pool);
  const descending = sort.direction === "descending";
  const places = sort.field === "default"
    ? await inDefaultOrder(all, resources, descending)
    : sortPlaces(all, await resources.column(sort.field), descending, resources.field(sort.field).label);
  const results = Array.from(places.subarray(start, end), (place) => at(place, all[place]!));
  return { results, left: pool < length };
}

/** The places of rows in default order: additions first, newest first, then the published rows. */
async function inDefaultOrder(rows: ArrayLike<number>, { order, published, count }: Resources, descending: boolean): Promise<Uint32Array> {
  const positions = await order.positions();
  const keys = new Uint32Array(rows.length);
  const places = new Uint32Array(rows.length);
  for (let place = 0; place < keys.length; place++) {
    const row = rows[place]!;
    keys[place] = row >= published ? count - 1 - row : count - published + (positions?.[row] ?? row);
    places[place] = place;
  }
  return sortByKeys(places, [keys], descending);
}
