/** The plan of a search: its text in the query language (docs/QUERY.md), resolved for one collection, and its other parts. */
import { own } from "../base/own";
import type { FieldDefinition } from "../format/index";
import type { EmojiName } from "../base/emoji";
import { withNames } from "./emoji-words";
import { QueryError } from "./errors";
import {
  FILE_FIELD, findField, isSearchable, parse, quote, split, wordsOf, type FieldTerm, type Query, type Term as TextTerm,
} from "./query/index";
import type { Manifest, Mode, Notice, SearchRequest, Sort, WeightedEmbedding } from "./types";

/** Something to be near (`weight` > 0) or far from (< 0) in the meaning arm. */
export type Term =
  | { kind: "text"; text: string; weight: number }
  | { kind: "like"; id: string; weight: number }
  | { kind: "embedding"; embedding: Float32Array; weight: number };

export interface Plan {
  mode: Mode;
  text: TextPlan;
  terms: Term[];
  sort: Sort | null;
  offset: number;
  k: number;
  /** The largest number of results, if the text limits it. */
  limit: number;
  /** Whether to look for results that show the same picture. */
  group: boolean;
  /** Whether the pages of an object are one result; undefined if nobody asks for pages. */
  byObject: boolean | undefined;
  /** Whether the answer includes what the grid needs for each result. */
  infos: boolean;
  /** Whether conditions limit the results, so that their total is known. */
  bounded: boolean;
  notices: Notice[];
}

const MAX_RESULTS = 100_000;
const DEFAULT_K = 20;

/**
 * Check a request and split it into its parts.
 * @param nameOf the names of emoji that are searched by them
 * @param expressions false if the text must not be read as an FTS5 expression, because that was refused
 * @throws QueryError for an invalid request
 */
export function makePlan(request: SearchRequest, manifest: Manifest, nameOf: EmojiName, expressions = true): Plan {
  const { mode, offset = 0, like = [], embeddings = [] } = request;
  const query = withNames(parse(request.text ?? "", { expressions }), nameOf);
  const k = request.k ?? query.k ?? DEFAULT_K;
  if (mode !== "all" && mode !== "meaning" && mode !== "words") throw new QueryError(`“${String(mode)}” is not a search mode.`);
  if (!Number.isInteger(k) || k < 0 || k > MAX_RESULTS) throw new QueryError(`k must be a whole number up to ${MAX_RESULTS}.`);
  if (!Number.isInteger(offset) || offset < 0) throw new QueryError("offset must be a whole number.");
  const text = planText(query, manifest.fields, manifest.catalog.columns);
  const { sort, notices } = sorting(text, request.sort, manifest);
  // Only the words arm is asked: the pictures are not needed.
  const terms = mode === "words" ? [] : [
    ...text.terms.map((term): Term => {
      if (term.kind === "text") return { kind: "text", text: term.value, weight: term.weight };
      if (term.kind === "like") return { kind: "like", id: term.value, weight: term.weight };
      return { kind: "embedding", embedding: picture(request, term.value), weight: term.weight };
    }),
    ...like.map((id): Term => ({ kind: "like", id: id.replace("-", ""), weight: id[0] === "-" ? -1 : 1 })),
    ...embeddings.map((given): Term => ({ kind: "embedding", ...weighted(given) })),
  ];
  const bounded = text.filters.length + text.required.length + (request.filters?.length ?? 0) > 0;
  const dim = manifest.vectors?.dim;
  for (const term of terms) {
    if (term.kind === "embedding" && term.embedding.length !== dim) {
      throw new QueryError(`A picture's embedding has ${term.embedding.length} dimensions instead of ${dim ?? 0}.`);
    }
    if (!Number.isFinite(term.weight)) throw new QueryError("A weight must be a finite number.");
  }
  return { mode, text, terms, sort, offset, k, limit: query.k ?? Infinity, group: request.group ?? false, byObject: request.byObject, infos: request.infos ?? false, bounded, notices };
}

/** Whether a request searches for something, so that without any arm there is nothing to show. */
export function wantsRanking({ text }: Plan, { like = [], embeddings = [] }: SearchRequest): boolean {
  return like.some((id) => id[0] !== "-") || embeddings.some((given) => weighted(given).weight > 0) || text.terms.some(({ weight }) => weight > 0);
}

function weighted(given: Float32Array | WeightedEmbedding): WeightedEmbedding {
  return given instanceof Float32Array ? { embedding: given, weight: 1 } : given;
}

function picture({ images }: SearchRequest, name: string): Float32Array {
  const embedding = images && own(images, name);
  // A program passes embeddings; if there are none, the text was typed into a page.
  if (!embedding && images) throw new QueryError(`No embedding was given for image:${name.slice(0, 80)}; pass it in \`images\`.`);
  if (!embedding) throw new QueryError(`The picture “${name.slice(0, 80)}” isn't available in this browser. Drop or paste it into the search box.`);
  return embedding;
}

/** The order that the text asks for, else that of the request. */
function sorting({ query }: TextPlan, asked: Sort | undefined, { fields }: Manifest): { sort: Sort | null; notices: Notice[] } {
  if (query.sort === null) return { sort: asked ?? null, notices: [] };
  const field = findField(query.sort, fields);
  if (field?.column && field.type !== "tags") {
    return { sort: { field: field.name, direction: query.sortDescending ? "descending" : "ascending" }, notices: [] };
  }
  const names = fields.filter(({ column, type }) => column && type !== "tags").map(({ name }) => name).join(", ");
  return { sort: asked ?? null, notices: [{ kind: "sort", message: `Cannot sort by “${query.sort.slice(0, 40)}”, only by: ${names}.` }] };
}

/** The largest number of different words that full text searches for. */
const MAX_WORDS = 100;

export interface FieldCondition {
  field: FieldDefinition;
  term: FieldTerm;
}

/**
 * A query text made ready for one collection. `strict` and `loose` are FTS5 expressions of the positive words (all
 * of them, any of them); every result must match those of `required` and none of `forbidden`.
 */
export interface TextPlan {
  query: Query;
  terms: TextTerm[];
  /** The words that full text looks for; results say which of them they have. */
  words: string[];
  strict: string | null;
  loose: string | null;
  required: string[];
  forbidden: string[];
  filters: FieldCondition[];
}

/** Resolve the fields of `query` in a collection. Unknown fields become plain words. */
export function planText(query: Query, fields: readonly FieldDefinition[], columns: readonly string[]): TextPlan {
  const filters: FieldCondition[] = [];
  const required = query.phrases.filter(isSearchable).map(quote);
  const forbidden = query.excluded.filter(isSearchable).map(quote);
  const strangers: string[] = [];
  for (const term of query.fields) {
    const field = findField(term.name, fields);
    if (!field) {
      strangers.push(term.source);
    } else if (field.type === "text" || field.type === "url" || !field.column) {
      const column = searchedColumn(field.name, columns);
      const expression = columns.includes(column) ? columnExpression(column, term.alternatives) : null;
      if (expression === null) strangers.push(term.source);
      else (term.negated ? forbidden : required).push(expression);
    } else {
      filters.push({ field, term });
    }
  }
  if (query.match !== null) required.push(`(${query.match})`);
  const terms = strangers.length ? withWords(query.terms, strangers) : query.terms;
  const texts = terms.filter(({ kind }) => kind === "text");
  const words = [...new Set(texts.flatMap(({ value, weight }) => (weight > 0 ? wordsOf(value) : [])))].slice(0, MAX_WORDS);
  for (const { value, weight } of texts) {
    const unwanted = weight < 0 ? wordsOf(value) : [];
    if (unwanted.length) forbidden.push(unwanted.slice(0, MAX_WORDS).map(quote).join(" AND "));
  }
  const quoted = words.map(quote);
  return {
    query,
    terms,
    words,
    strict: query.match ?? (quoted.join(" AND ") || null),
    loose: query.match === null ? quoted.join(" OR ") || null : null,
    required,
    forbidden,
    filters,
  };
}

/** Words added to the first positive text term, or as a term of their own. */
function withWords(terms: readonly TextTerm[], extra: readonly string[]): TextTerm[] {
  const position = terms.findIndex(({ kind, weight }) => kind === "text" && weight > 0);
  if (position < 0) return [...terms, { kind: "text", value: extra.join(" "), weight: 1 }];
  return terms.map((term, i) => (i === position ? { ...term, value: [term.value, ...extra].join(" ") } : term));
}

/** The full-text column of a field: that of the file's whole path for its name, if that has none. */
function searchedColumn(name: string, columns: readonly string[]): string {
  return name === "name" && !columns.includes(name) ? FILE_FIELD : name;
}

/** An expression for rows with the words of any alternative, as a phrase; null if no word is left. */
function columnExpression(column: string, alternatives: readonly string[]): string | null {
  const phrases = alternatives.flatMap((alternative) => {
    const words = split(alternative.replace(/\*+$/, "")).filter(isSearchable);
    return words.length ? quote(words.join(" ")) + (alternative.endsWith("*") ? " *" : "") : [];
  });
  return phrases.length ? `${column} : (${phrases.join(" OR ")})` : null;
}

/** An expression that marks a query's words in a text; null if there is nothing to mark. */
export function highlightExpression({ query, loose, required }: TextPlan): string | null {
  const marked = query.match === null ? [loose, ...required] : [...required];
  return marked.filter((expression) => expression !== null).map((expression) => `(${expression})`).join(" OR ") || null;
}
