/** The words arm: rows by full text, those with all words before those with any; and what text must or must not have. */
import { SyntaxProblem, type Catalog } from "../catalog/index";
import { FUSION_DEPTH } from "./fusion";
import { both, has, maskOf, without, type Mask } from "./mask";
import { plainWords, quote, type QueryPlan } from "./query/index";
import type { Notice } from "./types";

/** How fast a row's share of the words arm falls with the words it lacks. */
const COVERAGE_POWER = 0.75;

export interface WordsFound {
  /** Best first, within the mask. */
  rows: Uint32Array;
  /** How many of them match all the words; null where no words were looked for. */
  strict: number | null;
  /** Which part of the words, weighted by rareness, each of the first rows has. */
  coverage: Float64Array;
  /** The mask narrowed by what every result must and must not match; null where every row may be one. */
  mask: Mask | null;
}

/** @throws SyntaxProblem where FTS5 refuses the plan's expression */
export function searchWords(catalog: Catalog, plan: QueryPlan, ranking: boolean, mask: Mask | null, count: number): WordsFound {
  let allowed = mask;
  for (const expression of plan.required) allowed = both(allowed, maskOf(catalog.match(expression).rows, count));
  for (const expression of plan.forbidden) allowed = without(allowed, maskOf(catalog.match(expression).rows, count), count);
  if (!ranking || plan.strict === null) return { rows: new Uint32Array(), strict: null, coverage: new Float64Array(), mask: allowed };
  const within = (rows: Uint32Array) => (allowed ? rows.filter((row) => has(allowed, row)) : rows);
  const strict = within(catalog.match(plan.strict).rows);
  if (plan.loose === null || plan.loose === plan.strict) return { rows: strict, strict: strict.length, coverage: allWords(strict.length), mask: allowed };
  const first = maskOf(strict, count);
  const others = within(catalog.match(plan.loose).rows).filter((row) => !has(first, row));
  const rows = new Uint32Array(strict.length + others.length);
  rows.set(strict);
  rows.set(others, strict.length);
  return { rows, strict: strict.length, coverage: coverageOf(catalog, plan.words, rows, strict.length, count), mask: allowed };
}

function allWords(length: number): Float64Array {
  return new Float64Array(Math.min(length, FUSION_DEPTH)).fill(1);
}

/** Which part of the words each of the first rows has; the first `strict` have all. */
function coverageOf(catalog: Catalog, words: readonly string[], rows: Uint32Array, strict: number, count: number): Float64Array {
  const coverage = allWords(rows.length);
  const places = new Map<number, number>();
  for (let place = strict; place < coverage.length; place++) {
    coverage[place] = 0;
    places.set(rows[place]!, place);
  }
  if (!places.size) return coverage;
  let total = 0;
  for (const word of words) {
    const having = catalog.having(quote(word));
    const rareness = Math.log(1 + (count - having.length + 0.5) / (having.length + 0.5));
    total += rareness;
    for (const row of having) {
      const place = places.get(row);
      if (place !== undefined) coverage[place]! += rareness;
    }
  }
  for (const place of places.values()) coverage[place] = (coverage[place]! / total) ** COVERAGE_POWER;
  return coverage;
}

/** What tells that an expression was taken as plain words. */
export function syntaxNotice(text: string, problem: SyntaxProblem): Notice {
  const suggestion = plainWords(text);
  return {
    kind: "fts-syntax",
    message: `This is not quite a full-text expression (${problem.message.replace(/^fts5: /, "")}); its words were searched instead.`,
    ...(suggestion ? { suggestion } : {}),
  };
}
