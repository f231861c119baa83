/** The words arm: rows by full text, in tiers (docs/QUERY.md, "Meaning", 5); also required and excluded phrases. */
import { merged, NO_ROWS, typedForms, type FullText, type Ordered, type SyntaxProblem } from "../catalog/index";
import { FUSION_DEPTH } from "./fusion";
import { longerWords, mayBePart } from "./longer-words";
import { both, has, maskOf, without as excluding, type Mask } from "./mask";
import { isLoadFailure, readableWords, type Missing } from "./partial-words";
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
  /** The rows at the first `count` places, best first. */
  upTo: (count: number) => Promise<Uint32Array>;
  /** All of them, in any order. */
  all: () => Promise<Uint32Array>;
  total: number;
  /** How many match all the words; null if no words were searched. */
  strict: number | null;
  /** The mask narrowed by what every result must and must not match; null if every row may be one. */
  mask: Mask | null;
  /** The longer words that were looked for as well, by the word of the query that they contain. */
  parts: ReadonlyMap<string, readonly string[]>;
  /** Whether the words look like file names or numbers, which say nothing to a model. */
  names: boolean;
  /** What could not be loaded; null if nothing was left out. */
  missing: Missing | null;
}

/** Rows by whole words: those with all of them, then those with any. */
interface Base {
  strict: Ordered;
  loose: Ordered;
}

/** Rows that have words as parts of longer words: all words, or only some. */
interface Parts {
  words: ReadonlyMap<string, readonly string[]>;
  every: Uint32Array;
  some: Ordered;
}

/** Words inside other words are looked for if fewer rows than this have all the words. */
const PARTS_BELOW = 100;
/** What a word counts that a row has only inside a longer word, if other rows have it as a whole. */
const PART_WEIGHT = 0.5;
const NAME = /[0-9]{3}|[A-Za-z0-9]\.[A-Za-z][A-Za-z0-9]{1,4}$/;
const NOTHING = new Uint32Array();
const NO_PARTS: ReadonlyMap<string, readonly string[]> = new Map();

/**
 * @param vocabulary the words that suggestions know, folded, most frequent first
 * @param partly whether plain words that cannot be loaded may be left out, if others are found
 * @throws SyntaxProblem if FTS5 refuses the plan's expression
 */
export async function searchWords(
  text: FullText, plan: TextPlan, ranking: boolean, mask: Mask | null, count: number, vocabulary: () => Promise<readonly string[]>, partly = false,
): Promise<WordsFound> {
  let allowed = mask;
  for (const expression of plan.required) allowed = both(allowed, maskOf(await text.having(expression), count));
  for (const expression of plan.forbidden) allowed = excluding(allowed, maskOf(await text.having(expression), count), count);
  const within = (rows: Uint32Array) => (allowed ? rows.filter((row) => has(allowed, row)) : rows);
  const rest = { mask: allowed, parts: NO_PARTS, names: false, missing: null };
  if (!ranking || plan.strict === null) return { ...complete(NOTHING), strict: null, ...rest };
  if (plan.loose === null) return { ...complete(within((await text.match(plan.strict)).rows)), ...rest };
  const lists: Lists = { text, allowed, within, count, vocabulary };
  try {
    return await byPlainWords(lists, plan.words, null);
  } catch (error) {
    if (!partly || !isLoadFailure(error)) throw error;
    const words = await readableWords(text, plan.words);
    if (!words.length) throw error;
    const found = await byPlainWords(lists, words, { words: plan.words.filter((word) => !words.includes(word)), parts: false, typed: false });
    // Whether there are no results is not known.
    if (!found.total) throw error;
    return found;
  }
}

type Found = Pick<WordsFound, "first" | "coverage" | "upTo" | "all" | "total" | "strict">;

/** Where plain words are looked for. */
interface Lists {
  text: FullText;
  allowed: Mask | null;
  within: (rows: Uint32Array) => Uint32Array;
  count: number;
  vocabulary: () => Promise<readonly string[]>;
}

/** @param missing what was left out already; null if a list that cannot be loaded is an error */
async function byPlainWords({ text, allowed, within, count, vocabulary }: Lists, words: readonly string[], missing: Missing | null): Promise<WordsFound> {
  const left = missing && { ...missing };
  const optional = async <T>(name: "parts" | "typed", list: Promise<T | null>): Promise<T | null> => {
    try {
      return await list;
    } catch (error) {
      if (!left || !isLoadFailure(error)) throw error;
      left[name] = true;
      return null;
    }
  };
  const base = await byTerms(text, words, allowed, count) ?? await byExpressions(text, words, within, count);
  const typed = await optional("typed", asTyped(text, words, count));
  const parts = base.strict.length < PARTS_BELOW ? await optional("parts", byParts(text, words, allowed, within, vocabulary)) : null;
  const found = typed || parts ? await inTiers(text, words, base, typed, parts, count) : await plain(base);
  return { ...found, mask: allowed, parts: parts?.words ?? NO_PARTS, names: words.every((word) => NAME.test(word)), missing: left };
}

/** The rows of a list that all match. */
function complete(rows: Uint32Array): Found {
  const first = rows.subarray(0, FUSION_DEPTH);
  return {
    first, coverage: new Float64Array(first.length).fill(1), total: rows.length, strict: rows.length,
    upTo: (count) => Promise.resolve(rows.subarray(0, count)), all: () => Promise.resolve(rows),
  };
}

/** Rows by plain words; null for words that are not one term each. */
async function byTerms(text: FullText, words: readonly string[], allowed: Mask | null, count: number): Promise<Base | null> {
  const ranked = await text.rank(words, allowed && ((row) => has(allowed, row)), (having) => rareness(having, count));
  return ranked && { strict: ranked.strict, loose: ranked.others };
}

/** Rows by what SQLite finds for expressions of the words. */
async function byExpressions(
  text: FullText, words: readonly string[], within: (rows: Uint32Array) => Uint32Array, count: number,
): Promise<Base> {
  const [strict, loose] = [" AND ", " OR "].map((operator) => words.map(quote).join(operator)) as [string, string];
  const all = within((await text.match(strict)).rows);
  const taken = maskOf(all, count);
  const others = loose === strict ? NOTHING : within((await text.match(loose)).rows).filter((row) => !has(taken, row));
  return {
    strict: inOrder(all, (rows) => Promise.resolve(new Float64Array(rows.length).fill(1))),
    loose: inOrder(others, (rows) => sharesOf(text, words, rows, NO_PARTS, count)),
  };
}

/** Rows that are in order already; the lower a row's place, the better its rank. */
function inOrder(rows: Uint32Array, shares: (rows: Uint32Array) => Promise<Float64Array>): Ordered {
  return {
    length: rows.length, rows: () => Promise.resolve(rows),
    first: async (count) => {
      const some = rows.subarray(0, count);
      return { rows: some, ranks: Float64Array.from(some.keys()), shares: await shares(some) };
    },
  };
}

/** The answer if there are no other tiers. */
async function plain({ strict, loose }: Base): Promise<Found> {
  const all = await strict.first(FUSION_DEPTH);
  const some = await loose.first(FUSION_DEPTH - all.rows.length);
  return {
    first: joined([all.rows, some.rows]), coverage: coverage(all.rows.length, [some.shares]),
    // Each time at least twice as many, so that scrolling on does not rank the rows again and again.
    upTo: async (count) => {
      const wanted = 2 ** Math.ceil(Math.log2(count));
      const rows = (await strict.first(wanted)).rows;
      return joined([rows, (await loose.first(wanted - rows.length)).rows]).subarray(0, count);
    },
    all: async () => joined([await strict.rows(), await loose.rows()]),
    total: strict.length + loose.length, strict: strict.length,
  };
}

/** The rows that have the words as they were typed; null if that distinguishes no rows. */
async function asTyped(text: FullText, words: readonly string[], count: number): Promise<((row: number) => boolean) | null> {
  const forms = words.map(typedForms);
  const [wanted, unwanted] = [forms.flatMap(({ wanted }) => wanted), forms.flatMap(({ unwanted }) => unwanted)];
  const others = unwanted.length ? await text.having(unwanted.join(" OR ")) : NOTHING;
  if (!wanted.length && !others.length) return null;
  const [exact, other] = [wanted.length ? maskOf(await text.having(wanted.join(" AND ")), count) : null, maskOf(others, count)];
  return (row) => (!exact || has(exact, row)) && !has(other, row);
}

/** Null if no word of the query is part of a longer one. */
async function byParts(
  text: FullText, words: readonly string[], allowed: Mask | null, within: (rows: Uint32Array) => Uint32Array, vocabulary: () => Promise<readonly string[]>,
): Promise<Parts | null> {
  if (!words.some(mayBePart)) return null;
  const known = await vocabulary();
  const longer = new Map(words.flatMap((word): [string, string[]][] => {
    const found = longerWords(word, known);
    return found.length ? [[word, found]] : [];
  }));
  if (!longer.size) return null;
  const every = words.map((word) => `(${[word, ...longer.get(word) ?? []].map(quote).join(" OR ")})`).join(" AND ");
  const any = [...longer.values()].flat();
  const ranked = await text.rank(any, allowed && ((row) => has(allowed, row)), () => 1);
  const some = ranked ? merged(ranked.strict, ranked.others)
    : inOrder(within((await text.match(any.map(quote).join(" OR "))).rows), (rows) => Promise.resolve(new Float64Array(rows.length)));
  return { words: longer, every: within((await text.match(every)).rows), some };
}

/** All words as typed, all words, all words with some as parts, any word, any part: each in the order of bm25. */
async function inTiers(
  text: FullText, words: readonly string[], base: Base, typed: ((row: number) => boolean) | null, parts: Parts | null, count: number,
): Promise<Found> {
  const { strict } = base;
  // Usually few rows have all words, or few of them as they were typed.
  const ordered = (await strict.first(strict.length)).rows;
  const whole = typed ? joined([ordered.filter(typed), ordered.filter((row) => !typed(row))]) : ordered;
  const every = parts ? without(parts.every, [whole], count) : NOTHING;
  const [loose, some] = [base.loose, parts?.some ?? NO_ROWS];
  const before = [whole, every];
  const [others, rest] = await Promise.all([tier(loose, [every], count), tier(some, [...before, await loose.rows()], count)]);
  const upTo = async (wanted: number) => {
    const lists = [whole, every];
    for (const { first } of [others, rest]) lists.push(await first(Math.max(0, wanted - lists.reduce((sum, { length }) => sum + length, 0))));
    return lists;
  };
  const [, , ...last] = await upTo(FUSION_DEPTH);
  const shares = await Promise.all([every, ...last].map((rows, i) => (
    sharesOf(text, words, rows.subarray(0, FUSION_DEPTH), i === 1 ? NO_PARTS : parts?.words ?? NO_PARTS, count)
  )));
  return {
    first: joined([...before, ...last]).subarray(0, FUSION_DEPTH), coverage: coverage(whole.length, shares).subarray(0, FUSION_DEPTH),
    upTo: async (wanted) => joined(await upTo(wanted)).subarray(0, wanted),
    all: async () => joined([...before, await others.rows(), await rest.rows()]),
    total: whole.length + every.length + others.length + rest.length, strict: whole.length,
  };
}

interface Tier {
  length: number;
  rows: () => Promise<Uint32Array>;
  first: (count: number) => Promise<Uint32Array>;
}

/** The rows of a list that are not in tiers before it. */
async function tier(list: Ordered, before: readonly Uint32Array[], count: number): Promise<Tier> {
  const left = without(await list.rows(), before, count);
  const first = async (wanted: number): Promise<Uint32Array> => {
    for (let asked = wanted; wanted; asked *= 2) {
      const rows = without((await list.first(asked)).rows, before, count);
      if (rows.length >= wanted || asked >= list.length) return rows.subarray(0, wanted);
    }
    return NOTHING;
  };
  return { length: left.length, rows: () => Promise.resolve(left), first };
}

function without(rows: Uint32Array, lists: readonly Uint32Array[], count: number): Uint32Array {
  const seen = lists.filter(({ length }) => length).map((list) => maskOf(list, count));
  return seen.length ? rows.filter((row) => !seen.some((mask) => has(mask, row))) : rows;
}

function coverage(strict: number, shares: readonly Float64Array[]): Float64Array {
  const found = new Float64Array(shares.reduce((sum, { length }) => sum + length, strict)).fill(1);
  let at = strict;
  for (const list of shares) for (const share of list) found[at++] = share ** COVERAGE_POWER;
  return found;
}

function joined(lists: readonly Uint32Array[]): Uint32Array {
  const rows = new Uint32Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    rows.set(list, at);
    at += list.length;
  }
  return rows;
}

/** The weight of a word that `having` of `count` rows have: the rarer, the higher. */
function rareness(having: number, count: number): number {
  return Math.log(1 + (count - having + 0.5) / (having + 0.5));
}

/** Which part of the words each row has; a word that it has only inside a longer one counts less if other rows have it as a whole. */
async function sharesOf(
  text: FullText, words: readonly string[], rows: Uint32Array, parts: ReadonlyMap<string, readonly string[]>, count: number,
): Promise<Float64Array> {
  const shares = new Float64Array(rows.length);
  if (!rows.length) return shares;
  let total = 0;
  for (const word of words) {
    const having = await text.having(quote(word));
    const longer = parts.get(word);
    const inside = longer ? maskOf(await text.having(longer.map(quote).join(" OR ")), count) : null;
    const whole = maskOf(having, count);
    const weight = rareness(having.length, count);
    total += weight;
    rows.forEach((row, i) => {
      if (has(whole, row)) shares[i]! += weight;
      else if (inside && has(inside, row)) shares[i]! += weight * (having.length ? PART_WEIGHT : 1);
    });
  }
  return shares.map((share) => share / total);
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
