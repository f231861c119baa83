/** The words arm: rows by full text, those with all words before those with any; and what text must or must not have. */
import { SyntaxProblem, type Catalog } from "../catalog/index";
import { both, has, maskOf, without, type Mask } from "./mask";
import { plainWords, type QueryPlan } from "./query/index";
import type { Notice } from "./types";

export interface WordsFound {
  /** Best first, within the mask. */
  rows: Uint32Array;
  /** How many of them match all the words; null where no words were looked for. */
  strict: number | null;
  /** The mask narrowed by what every result must and must not match; null where every row may be one. */
  mask: Mask | null;
}

/** @throws SyntaxProblem where FTS5 refuses the plan's expression */
export function searchWords(catalog: Catalog, plan: QueryPlan, ranking: boolean, mask: Mask | null, count: number): WordsFound {
  let allowed = mask;
  for (const expression of plan.required) allowed = both(allowed, maskOf(catalog.match(expression).rows, count));
  for (const expression of plan.forbidden) allowed = without(allowed, maskOf(catalog.match(expression).rows, count), count);
  if (!ranking || plan.strict === null) return { rows: new Uint32Array(), strict: null, mask: allowed };
  const within = (rows: Uint32Array) => (allowed ? rows.filter((row) => has(allowed, row)) : rows);
  const strict = within(catalog.match(plan.strict).rows);
  if (plan.loose === null || plan.loose === plan.strict) return { rows: strict, strict: strict.length, mask: allowed };
  const first = maskOf(strict, count);
  const others = within(catalog.match(plan.loose).rows).filter((row) => !has(first, row));
  const rows = new Uint32Array(strict.length + others.length);
  rows.set(strict);
  rows.set(others, strict.length);
  return { rows, strict: strict.length, mask: allowed };
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
