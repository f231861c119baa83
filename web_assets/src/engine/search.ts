/** One search: both arms side by side, provisional answers on the way, one final answer. */
import { abortable, pause } from "../base/async";
import { messageOf } from "../base/errors";
import { SyntaxProblem } from "../catalog/index";
import { browse } from "./browse";
import { missingEmoji } from "./emoji-words";
import { QueryError } from "./errors";
import { filterRows } from "./filters";
import { without, type Mask } from "./mask";
import type { SearchOptions } from "./methods";
import { likenessOf, type MeaningArm } from "./meaning-arm";
import { guessedText, NOTHING_TO_SEARCH, unknownText } from "./notices";
import { makePlan, wantsRanking, type Plan } from "./plan";
import { byWords, finish, nothing, rank, type Query, type Ranking } from "./ranking";
import type { Resources } from "./resources";
import { keepPlaces } from "./steady";
import { searchWords, syntaxNotice, type WordsFound } from "./words-arm";
import type { Answer, Notice, SearchRequest, SearchResponse } from "./types";

/** How long (ms) a final answer may take before the words alone are shown. */
const WORDS_FIRST_MS = 80;

type Outcome<T> = { value: T } | { error: unknown };

export async function search(
  resources: Resources, meaning: MeaningArm, request: SearchRequest, context: SearchOptions = {},
): Promise<Answer> {
  const started = performance.now();
  const nameOf = await missingEmoji(request.text ?? "", resources);
  const plan = makePlan(request, resources.manifest, nameOf);
  // A message that aborts this search can arrive before the work begins.
  await pause(0);
  context.signal?.throwIfAborted();
  try {
    return await run(resources, meaning, request, plan, context, started);
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    const plain = makePlan(request, resources.manifest, nameOf, false);
    plain.notices.unshift(syntaxNotice(plan.text.query.source, error));
    return await run(resources, meaning, request, plain, context, started);
  }
}

/** @throws SyntaxProblem if FTS5 refuses the plan's expression, before any answer */
async function run(
  resources: Resources, meaning: MeaningArm, request: SearchRequest, plan: Plan, { signal, onPartial }: SearchOptions, started: number,
): Promise<Answer> {
  const asked = arms(plan, resources);
  const answer = (results: Ranking, stage: SearchResponse["stage"], notices: Notice[]) =>
    finish(resources, plan, results, stage, [...plan.notices, ...asked.notices, ...notices], started);

  const filtered = allowed(resources, meaning, request, plan, asked.meaning);
  const words = asked.words ? wordsArm(resources, plan, asked.ranking, filtered, true) : null;
  let done = false;
  let shown: readonly number[] | null = null;
  const provisional = async (make: () => Promise<Answer | null>): Promise<void> => {
    // If a provisional answer fails, the final one reports the reason.
    const response = await make().catch(() => null);
    if (!response || done || signal?.aborted) return;
    if (response.stage === "static") shown = response.results.map(({ row }) => row);
    onPartial?.(response);
  };
  // If the model is loaded, showing the words first is only worthwhile while token rows load over a slow connection.
  const patience = meaning.ready(plan) ? WORDS_FIRST_MS : 0;
  const staged = onPartial !== undefined && asked.meaning;
  // An answer that needs the model for its conditions cannot come before the model.
  const first = staged && !patience && !meaning.excludes(plan) ? resources : null;
  const wordsFirst = staged && words && plan.mode === "all" && plan.text.strict !== null && provisional(async () => {
    const [found] = await Promise.all([words, patience && pause(patience)]);
    return done ? null : await answer(byWords(found), "words", []);
  });
  if (wordsFirst) first?.first("words", wordsFirst);
  const query = asked.meaning ? startMeaning(resources, meaning, plan, meaning.query(plan)) : null;
  // Both failures are handled below, in whatever order they come.
  for (const promise of [filtered, words, query]) promise?.catch(() => undefined);

  if (!query) {
    const found = words && await abortable(words, signal);
    if (found && found.strict !== null) return await answer(byWords(found), "final", []);
    return await answer(...await unranked(plan, request, found ? found.mask : await abortable(filtered, signal), resources));
  }

  if (staged && !patience) {
    // The embedding of an image of the collection is known only when the whole vectors have loaded.
    const rough = plan.terms.every(({ kind }) => kind !== "like");
    const approximate = provisional(async () => {
      const vectors = rough ? resources.rough() : resources.nearest();
      const [near, found, mask] = await Promise.all([startMeaning(resources, meaning, plan, meaning.approximate(plan), vectors), words, filtered]);
      return near.likeness && await answer(await rank(plan, near, found, mask, signal), "static", []);
    });
    if (rough) first?.first("coarse", approximate);
  }

  try {
    const arms = Promise.all([outcome(query), words ? outcome(words) : null, filtered]);
    const [near, found, mask] = await abortable(arms, signal);
    const unknown = "value" in near ? await notKnown(meaning, plan, near.value) : [];
    const [ranking, stage, notices] = await decide(plan, request, near, found, mask, resources, signal);
    // If something in the query is unknown, that is the reason why there is nothing to search for.
    const reasons = unknown.length ? notices.filter(({ message }) => message !== NOTHING_TO_SEARCH) : notices;
    const { calibration } = resources;
    const steady = shown && calibration ? await keepPlaces(ranking, shown, plan, calibration.temperature) : ranking;
    return await answer(steady, stage, [...reasons, ...unknown, ...limitedTo(plan, meaning)]);
  } finally {
    done = true;
  }
}

/** Says that texts were compared without the text tower. */
function limitedTo(plan: Plan, { limited }: MeaningArm): Notice[] {
  if (!limited || !plan.terms.some(({ kind }) => kind === "text")) return [];
  return [{ kind: "no-model", message: `${limited.message} Results by meaning are approximate.` }];
}

/** Notices about texts of which the model knows nothing, and about those whose language it does not know. */
async function notKnown(meaning: MeaningArm, plan: Plan, { strange }: Query): Promise<Notice[]> {
  const unknown = await meaning.unknown(plan);
  return [...unknownText(unknown, plan.mode), ...guessedText(strange.filter((text) => !unknown.includes(text)))];
}

/** The rows that meet all filters and are not a likely match of a negative term; null for all. */
export async function allowed(
  resources: Resources, meaning: MeaningArm, request: SearchRequest, plan: Plan, able: boolean,
): Promise<Mask | null> {
  const [met, unwanted] = await Promise.all([
    filterRows(resources, request.filters ?? [], plan.text.filters),
    // Without the model nothing is excluded; the meaning arm itself reports the failure.
    able ? meaning.unwanted(plan).catch(() => null) : null,
  ]);
  return unwanted ? without(met, unwanted, resources.count) : met;
}

/** Which arms a plan needs and the collection has. `ranking`: whether the words arm ranks results, not only excludes some. */
export function arms(plan: Plan, resources: Resources): { words: boolean; ranking: boolean; meaning: boolean; notices: Notice[] } {
  const texts = plan.terms.some((term) => term.kind === "text");
  const able = resources.manifest.vectors !== null && (!texts || resources.encoder() !== null);
  const { required, forbidden, strict } = plan.text;
  const ranking = strict !== null && (plan.mode !== "meaning" || !able);
  const lost = plan.terms.length > 0 && plan.mode === "meaning" && !able;
  return {
    words: ranking || required.length + forbidden.length > 0,
    ranking,
    meaning: plan.terms.length > 0 && able,
    notices: lost ? [{ kind: "no-model", message: "This collection has no model for texts, so only words were searched." }] : [],
  };
}

/** @param partly whether plain words that cannot be loaded may be left out */
export async function wordsArm(
  resources: Resources, plan: Plan, ranking: boolean, filtered: Promise<Mask | null>, partly: boolean,
): Promise<WordsFound> {
  const [catalog, mask] = await Promise.all([resources.catalog(), filtered]);
  return await searchWords(catalog, plan.text, ranking, mask, resources.count, () => resources.foldedWords(), partly);
}

export async function startMeaning(resources: Resources, meaning: MeaningArm, plan: Plan, vector: Promise<Float32Array | null>, near = resources.nearest()): Promise<Query> {
  // Without the list of words the search is as good as before.
  const [ready, nearest, strange] = await Promise.all([vector, near, meaning.strange(plan).catch(() => [])]);
  return { likeness: ready && await likenessOf(resources, nearest, plan.terms, ready, strange.length > 0), nearest, strange };
}

/** The answer without any arm: all allowed rows, or none if the query asks for something that cannot be searched for. */
async function unranked(
  plan: Plan, request: SearchRequest, mask: Mask | null, resources: Pick<Resources, "count" | "published" | "order">,
): Promise<[Ranking, "final", Notice[]]> {
  if (!wantsRanking(plan, request)) return [await browse(mask, resources), "final", []];
  return [nothing(), "final", [{ kind: "info", message: NOTHING_TO_SEARCH }]];
}

/** The final ranking from both arms. If one of them failed and the other can answer alone, a notice says so. */
async function decide(
  plan: Plan, request: SearchRequest, near: Outcome<Query>, found: Outcome<WordsFound> | null, mask: Mask | null,
  resources: Resources, signal: AbortSignal | undefined,
): Promise<[Ranking, "final", Notice[]]> {
  const words = found && "value" in found ? found.value : null;
  if ("error" in near) {
    if (!words?.total || plan.mode !== "all" || near.error instanceof QueryError) throw near.error;
    return [byWords(words), "final", [{
      kind: "no-model", message: `Only words were searched, because the model could not be used: ${messageOf(near.error)}`, retry: true,
    }]];
  }
  if (found && "error" in found) {
    if (plan.text.required.length + plan.text.forbidden.length || found.error instanceof QueryError) throw found.error;
    return [await rank(plan, near.value, null, mask, signal), "final", [{
      kind: "info", message: `Words were not searched, because full text could not be used: ${messageOf(found.error)}`, retry: true,
    }]];
  }
  if (near.value.likeness) return [await rank(plan, near.value, words, mask, signal), "final", []];
  return words && words.strict !== null ? [byWords(words), "final", []] : await unranked(plan, request, words ? words.mask : mask, resources);
}

/** Throws a refused expression to the caller, which then searches for its plain words. */
export async function outcome<T>(promise: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await promise };
  } catch (error) {
    if (error instanceof SyntaxProblem) throw error;
    return { error };
  }
}
