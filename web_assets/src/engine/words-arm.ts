/** The words arm: rows by full text, those with all words before those with any. */
import { planWords, quotedQuery, SyntaxProblem, type Catalog, type WordsPlan } from "../catalog/index";
import { both, has, maskOf, type Mask } from "./mask";
import type { Notice } from "./types";

export interface WordsFound {
  /** Best first, within the mask. */
  rows: Uint32Array;
  /** How many of them match all the words. */
  strict: number;
  /** The mask narrowed by what every result must match; null where every row may be one. */
  mask: Mask | null;
  notices: Notice[];
}

/**
 * @param required expressions every result must match; one that SQLite refuses is replaced by its words, with a notice
 */
export function searchWords(
  catalog: Catalog, text: string, plan: WordsPlan | null, required: readonly string[], mask: Mask | null, count: number,
): WordsFound {
  try {
    let allowed = mask;
    for (const expression of required) allowed = both(allowed, maskOf(catalog.match(expression).rows, count));
    return { ...rank(catalog, plan, allowed, count), mask: allowed, notices: [] };
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    return { ...rank(catalog, plainPlan(text), mask, count), mask, notices: [syntaxNotice(text, error)] };
  }
}

function rank(catalog: Catalog, plan: WordsPlan | null, mask: Mask | null, count: number): { rows: Uint32Array; strict: number } {
  const allowed = (rows: Uint32Array) => (mask ? rows.filter((row) => has(mask, row)) : rows);
  const strict = plan?.strict ? allowed(catalog.match(plan.strict).rows) : new Uint32Array();
  if (!plan?.loose) return { rows: strict, strict: strict.length };
  const first = maskOf(strict, count);
  const others = allowed(catalog.match(plan.loose).rows).filter((row) => !has(first, row));
  const rows = new Uint32Array(strict.length + others.length);
  rows.set(strict);
  rows.set(others, strict.length);
  return { rows, strict: strict.length };
}

/** The words of a refused expression, taken as plain words. */
function plainPlan(text: string): WordsPlan | null {
  const words = text.replace(/["()^*{}:]/gu, " ").replace(/\b(?:AND|OR|NOT|NEAR)\b/gu, " ");
  const plan = planWords(words, []);
  return plan.strict && !plan.expression ? plan : null;
}

function syntaxNotice(text: string, problem: SyntaxProblem): Notice {
  const suggestion = quotedQuery(text);
  return {
    kind: "fts-syntax",
    message: `This is not quite a full-text expression (${problem.message.replace(/^fts5: /, "")}); its words were searched instead.`,
    ...(suggestion ? { suggestion } : {}),
  };
}
