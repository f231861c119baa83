/** One search: both arms side by side, provisional answers on the way, one final answer. */
import { QueryError } from "./errors";
import { filterMask } from "./filters";
import { abortable } from "./lru";
import { both, type Mask } from "./mask";
import type { MeaningArm } from "./meaning-arm";
import { makePlan, type Plan } from "./plan";
import { browse, byWords, finish, nothing, rank, reach, type Query, type Ranking } from "./ranking";
import type { Resources } from "./resources";
import { searchWords, type WordsFound } from "./words-arm";
import type { Filter, Notice, SearchRequest, SearchResponse } from "./types";

/** How long (ms) a final answer may take before the words alone are shown. */
const PATIENCE = 80;

export interface SearchContext {
  signal?: AbortSignal | undefined;
  onPartial?: ((response: SearchResponse) => void) | undefined;
}

type Outcome<T> = { value: T } | { error: unknown };

export async function search(
  resources: Resources, meaning: MeaningArm, request: SearchRequest, { signal, onPartial }: SearchContext = {},
): Promise<SearchResponse> {
  const started = performance.now();
  const plan = makePlan(request, resources.manifest);
  const asked = arms(plan, resources);
  // Lets a message that aborts this search be heard before the work begins.
  await pause(0);
  signal?.throwIfAborted();
  const answer = (results: Ranking, stage: SearchResponse["stage"], notices: Notice[]) =>
    finish(resources, request, results, stage, [...asked.notices, ...notices], started);

  const filtered = filters(resources, request.filters ?? []);
  const words = asked.words ? wordsArm(resources, plan, request.text ?? "", filtered) : null;
  if (words && onPartial && !meaning.ready(plan)) resources.modelAfter(words);
  const query = asked.meaning ? startMeaning(resources, meaning.query(plan)) : null;
  // Each failure is dealt with below, whichever comes first.
  for (const promise of [filtered, words, query]) promise?.catch(() => undefined);

  if (!query) {
    if (!words) {
      const mask = await abortable(filtered, signal);
      if (!request.text?.trim()) return await answer(browse(mask, resources.count), "final", []);
      return await answer(nothing(), "final", [{ kind: "info", message: "There is no word in this query to search for." }]);
    }
    const found = await abortable(words, signal);
    return await answer(plan.words ? byWords(found) : browse(found.mask, resources.count), "final", found.notices);
  }

  let done = false;
  if (onPartial) {
    // With the model at hand only a slow link, fetching token rows, makes the words worth showing first.
    const patience = meaning.ready(plan) ? PATIENCE : 0;
    const provisional = (make: () => Promise<SearchResponse | null>) => {
      // A provisional answer that fails is none: the final one will say what is wrong.
      make().then((response) => { if (response && !done && !signal?.aborted) onPartial(response); }, () => undefined);
    };
    provisional(async () => {
      if (plan.mode !== "all" || !words || !plan.words) return null;
      const [found] = await Promise.all([words, patience && pause(patience)]);
      return done ? null : await answer(byWords(found), "words", found.notices);
    });
    if (!patience) provisional(async () => {
      const [{ vector, index }, found, mask] = await Promise.all([startMeaning(resources, meaning.approximate(plan)), words, filtered]);
      return vector && await answer(rank(plan, { vector, index }, found, mask, reach(request)), "vocabulary", found?.notices ?? []);
    });
  }
  try {
    const both = Promise.all([outcome(query), words ? outcome(words) : null, filtered]);
    const [near, found, mask] = await abortable(both, signal);
    return await answer(...decide(plan, near, found, mask, resources.count, reach(request)));
  } finally {
    done = true;
  }
}

/** The rows that meet all filters; null where there are none to meet. */
export async function filters(resources: Resources, list: readonly Filter[]): Promise<Mask | null> {
  const masks = await Promise.all(list.map(async (filter) =>
    filterMask(filter, resources.field(filter.field), await resources.column(filter.field))));
  return masks.reduce<Mask | null>(both, null);
}

/** Which arms a plan needs and the collection has. */
function arms(plan: Plan, resources: Resources): { words: boolean; meaning: boolean; notices: Notice[] } {
  const texts = plan.terms.some((term) => term.kind === "text");
  const able = resources.manifest.vectors !== null && (!texts || resources.encoder() !== null);
  const words = plan.required.length > 0 || (plan.words !== null && (plan.mode !== "meaning" || !able));
  const meaning = plan.terms.length > 0 && plan.mode !== "words" && able;
  const lost = plan.terms.length > 0 && plan.mode === "meaning" && !able;
  return {
    words,
    meaning,
    notices: lost ? [{ kind: "no-model", message: "This collection has no model for texts; it was searched by words." }] : [],
  };
}

async function wordsArm(resources: Resources, plan: Plan, text: string, filtered: Promise<Mask | null>): Promise<WordsFound> {
  const [catalog, mask] = await Promise.all([resources.catalog(), filtered]);
  return searchWords(catalog, text, plan.words, plan.required, mask, resources.count);
}

async function startMeaning(resources: Resources, vector: Promise<Float32Array | null>): Promise<Query> {
  const [ready, index] = await Promise.all([vector, resources.similarity()]);
  return { vector: ready, index };
}

/** The final ranking from what became of each arm: one that failed is told where the other can stand in. */
function decide(
  plan: Plan, near: Outcome<Query>, found: Outcome<WordsFound> | null, mask: Mask | null, count: number, depth: number,
): [Ranking, "final", Notice[]] {
  const words = found && "value" in found ? found.value : null;
  if ("error" in near) {
    if (!words?.rows.length || plan.mode !== "all" || near.error instanceof QueryError) throw near.error;
    return [byWords(words), "final", [...words.notices, {
      kind: "no-model", message: `Only words were searched, since the model could not be used: ${messageOf(near.error)}`,
    }]];
  }
  if (found && "error" in found) {
    if (plan.required.length || found.error instanceof QueryError) throw found.error;
    return [rank(plan, near.value, null, mask, depth), "final", [{
      kind: "info", message: `Words were not searched, since full text could not be used: ${messageOf(found.error)}`,
    }]];
  }
  const notices = words?.notices ?? [];
  if (!near.value.vector) return [words && plan.words ? byWords(words) : browse(mask, count), "final", notices];
  return [rank(plan, near.value, words, mask, depth), "final", notices];
}

async function outcome<T>(promise: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error };
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
