/** The current result of a search: the rows that facets count (docs/QUERY.md, "Counts"). The twin is builder/imagedb_site/query/current.py. */
import { SyntaxProblem } from "../catalog/index";
import { missingEmoji } from "./emoji-words";
import { QueryError } from "./errors";
import { FUSION_DEPTH } from "./fusion";
import { countMask, emptyMask, maskOf, type Mask } from "./mask";
import type { MeaningArm } from "./meaning-arm";
import { makePlan, wantsRanking, type Plan } from "./plan";
import { likelyRows, type Query } from "./ranking";
import type { Resources } from "./resources";
import { allowed, arms, startMeaning, wordsArm } from "./search";
import type { SearchRequest } from "./types";
import type { WordsFound } from "./words-arm";

/**
 * The rows that a search finds; null for all. Without words and meaning these are the rows that meet the conditions; by words alone
 * those of the words arm; by meaning the likely matches, or all rows that meet the conditions if none is likely.
 */
export async function currentResult(resources: Resources, meaning: MeaningArm, request: SearchRequest): Promise<Mask | null> {
  const nameOf = await missingEmoji(request.text ?? "", resources);
  const plan = makePlan(request, resources.manifest, nameOf);
  try {
    return await current(resources, meaning, request, plan);
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    return await current(resources, meaning, request, makePlan(request, resources.manifest, nameOf, false));
  }
}

async function current(resources: Resources, meaning: MeaningArm, request: SearchRequest, plan: Plan): Promise<Mask | null> {
  const asked = arms(plan, resources);
  const filtered = allowed(resources, meaning, request, plan, asked.meaning);
  const [mask, words, query] = await Promise.all([
    filtered,
    asked.words ? wordsArm(resources, plan, asked.ranking, filtered, false) : null,
    asked.meaning ? byMeaning(resources, meaning, plan) : null,
  ]);
  const within = words ? words.mask : mask;
  if (query?.likeness) return await likely(resources, plan, query, words, within);
  if (words && words.strict !== null) return maskOf(await words.all(), resources.count);
  return wantsRanking(plan, request) ? emptyMask(resources.count) : within;
}

/** The query of the meaning arm; null if the model cannot be loaded, as a search then finds by words alone. */
async function byMeaning(resources: Resources, meaning: MeaningArm, plan: Plan): Promise<Query | null> {
  try {
    return await startMeaning(resources, meaning, plan, meaning.query(plan));
  } catch (error) {
    if (plan.mode !== "all" || error instanceof QueryError) throw error;
    return null;
  }
}

async function likely({ count }: Resources, plan: Plan, query: Query, words: WordsFound | null, mask: Mask | null): Promise<Mask | null> {
  const depth = Math.min(FUSION_DEPTH, mask ? countMask(mask) : count);
  const near = await query.likeness!.search(depth, mask);
  const rows = likelyRows(plan, near, words, query);
  return rows?.length ? maskOf(rows, count) : mask;
}
