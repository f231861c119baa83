/** The words arm: rows by full text, those with all words before those with any; also required and excluded phrases. */
import type { FullText, SyntaxProblem } from "../catalog/index";
import { FUSION_DEPTH } from "./fusion";
import { both, has, maskOf, without, type Mask } from "./mask";
import type { TextPlan } from "./plan";
import { plainWords, quote } from "./query/index";
import type { Notice } from "./types";

/** How fast a row's share of the words arm falls with the words it lacks. */
const COVERAGE_POWER = 0.75;

export interface WordsFound {
  /** Best first, within the mask, as many as fusion uses. */
  first: Uint32Array;
  /** The share of the words, weighted by rarity, that each of them has. */
  coverage: Float64Array;
  /** All of them, best first. */
  all: () => Uint32Array;
  total: number;
  /** How many match all the words; null if no words were searched. */
  strict: number | null;
  /** The mask narrowed by what every result must and must not match; null if every row may be one. */
  mask: Mask | null;
}

type Found = Omit<WordsFound, "mask">;

/** @throws SyntaxProblem if FTS5 refuses the plan's expression */
export async function searchWords(text: FullText, plan: TextPlan, ranking: boolean, mask: Mask | null, count: number): Promise<WordsFound> {
  let allowed = mask;
  for (const expression of plan.required) allowed = both(allowed, maskOf(await text.having(expression), count));
  for (const expression of plan.forbidden) allowed = without(allowed, maskOf(await text.having(expression), count), count);
  if (!ranking || plan.strict === null) return { ...found(new Uint32Array(), 0), strict: null, mask: allowed };
  return { ...(await byTerms(text, plan, allowed, count) ?? await byExpressions(text, plan, plan.strict, allowed, count)), mask: allowed };
}

/** The rows of a complete list. */
function found(rows: Uint32Array, strict: number): Found {
  const first = rows.subarray(0, FUSION_DEPTH);
  return { first, coverage: new Float64Array(first.length).fill(1), all: () => rows, total: rows.length, strict };
}

/** Rows by plain words; null for an expression, and for words that are not one term each. */
async function byTerms(text: FullText, { loose, words }: TextPlan, allowed: Mask | null, count: number): Promise<Found | null> {
  if (loose === null) return null;
  const ranked = await text.rank(words, allowed && ((row) => has(allowed, row)), (having) => rareness(having, count));
  if (!ranked) return null;
  const { strict, others } = ranked;
  const all = strict.first(FUSION_DEPTH).rows;
  const some = others.first(FUSION_DEPTH - all.length);
  const coverage = new Float64Array(all.length + some.rows.length).fill(1);
  some.shares.forEach((share, i) => { coverage[all.length + i] = share ** COVERAGE_POWER; });
  let whole: Uint32Array | null = null;
  return {
    first: joined(all, some.rows), coverage, all: () => (whole ??= joined(strict.all(), others.all())),
    total: strict.length + others.length, strict: strict.length,
  };
}

/** Rows by what SQLite finds for the expressions of a plan. */
async function byExpressions(text: FullText, { words, loose }: TextPlan, strict: string, allowed: Mask | null, count: number): Promise<Found> {
  const within = (rows: Uint32Array) => (allowed ? rows.filter((row) => has(allowed, row)) : rows);
  const all = within((await text.match(strict)).rows);
  if (loose === null || loose === strict) return found(all, all.length);
  const taken = maskOf(all, count);
  const rows = joined(all, within((await text.match(loose)).rows).filter((row) => !has(taken, row)));
  return { ...found(rows, all.length), coverage: await coverageOf(text, words, rows, all.length, count) };
}

function joined(a: Uint32Array, b: Uint32Array): Uint32Array {
  const rows = new Uint32Array(a.length + b.length);
  rows.set(a);
  rows.set(b, a.length);
  return rows;
}

/** The weight of a word that `having` of `count` rows have: the rarer, the higher. */
function rareness(having: number, count: number): number {
  return Math.log(1 + (count - having + 0.5) / (having + 0.5));
}

/** Which part of the words each of the first rows has; the first `strict` have all. */
async function coverageOf(text: FullText, words: readonly string[], rows: Uint32Array, strict: number, count: number): Promise<Float64Array> {
  const coverage = new Float64Array(Math.min(rows.length, FUSION_DEPTH)).fill(1);
  const places = new Map<number, number>();
  for (let place = strict; place < coverage.length; place++) {
    coverage[place] = 0;
    places.set(rows[place]!, place);
  }
  if (!places.size) return coverage;
  let total = 0;
  for (const word of words) {
    const having = await text.having(quote(word));
    const weight = rareness(having.length, count);
    total += weight;
    for (const row of having) {
      const place = places.get(row);
      if (place !== undefined) coverage[place]! += weight;
    }
  }
  for (const place of places.values()) coverage[place] = (coverage[place]! / total) ** COVERAGE_POWER;
  return coverage;
}

/** Reports that an expression was searched as plain words. */
export function syntaxNotice(text: string, problem: SyntaxProblem): Notice {
  const suggestion = plainWords(text);
  return {
    kind: "fts-syntax",
    message: `This is not a valid full-text expression (${problem.message.replace(/^fts5: /, "")}); its words were searched instead.`,
    ...(suggestion ? { suggestion } : {}),
  };
}
