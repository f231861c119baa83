/** From a parsed `Query` to what an index can answer: FTS5 expressions and conditions on fields. */
import type { FieldDefinition } from "../../format/index";
import { isSearchable, split } from "./characters";
import { findField } from "./fields";
import type { FieldTerm, Query, Term } from "./parse";

/** Words too common to demand of a caption; they still count in the meaning of a query. */
const STOP_WORDS = new Set(
  "a an and are as at be by for from has in is it its of on or that the this to was were with".split(" "),
);
/** How many different words full text looks for. */
const MAX_WORDS = 100;

export interface FieldCondition {
  field: FieldDefinition;
  term: FieldTerm;
}

/**
 * A query made ready for one collection. `strict` and `loose` are FTS5 expressions of the positive words (all of
 * them, any of them); `required` and `forbidden` ones that every result must or must not match.
 */
export interface QueryPlan {
  query: Query;
  terms: Term[];
  /** The words that full text looks for, for saying which of them a result has. */
  words: string[];
  strict: string | null;
  loose: string | null;
  required: string[];
  forbidden: string[];
  filters: FieldCondition[];
}

/** Resolve the fields of `query` in a collection; unknown ones become plain words. */
export function planQuery(query: Query, fields: readonly FieldDefinition[], columns: readonly string[]): QueryPlan {
  const filters: FieldCondition[] = [];
  const required = query.phrases.filter(isSearchable).map(quote);
  const forbidden = query.excluded.filter(isSearchable).map(quote);
  const strangers: string[] = [];
  for (const term of query.fields) {
    const field = findField(term.name, fields);
    if (!field) {
      strangers.push(term.source);
    } else if (field.type === "text" || field.type === "url" || !field.column) {
      const expression = columns.includes(field.name) ? columnExpression(field.name, term.value) : null;
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

export function isStopWord(word: string): boolean {
  return STOP_WORDS.has(word.toLowerCase());
}

/** The words of `text` that full text looks for: no punctuation alone, no stop words unless all are. */
function wordsOf(text: string): string[] {
  const words = split(text).filter(isSearchable);
  const content = words.filter((word) => !STOP_WORDS.has(word.toLowerCase()));
  return content.length ? content : words;
}

/** Words added to the first positive text term, or as a term of their own. */
function withWords(terms: readonly Term[], extra: readonly string[]): Term[] {
  const position = terms.findIndex(({ kind, weight }) => kind === "text" && weight > 0);
  if (position < 0) return [...terms, { kind: "text", value: extra.join(" "), weight: 1 }];
  return terms.map((term, i) => (i === position ? { ...term, value: [term.value, ...extra].join(" ") } : term));
}

function columnExpression(column: string, value: string): string | null {
  const words = split(value).filter(isSearchable);
  return words.length ? `${column} : (${quote(words.join(" "))})` : null;
}

/** An expression that marks what a query looked for in a text; null where there is nothing to mark. */
export function highlightExpression({ query, loose, required }: QueryPlan): string | null {
  const marked = query.match === null ? [loose, ...required] : [...required];
  return marked.filter((expression) => expression !== null).map((expression) => `(${expression})`).join(" OR ") || null;
}

/** The words of an expression without its syntax. */
export function plainWords(text: string): string {
  const words = split(text.replace(/["()^*{}:]/g, " ")).filter(isSearchable);
  return words.filter((word) => !["AND", "OR", "NOT", "NEAR"].includes(word)).join(" ");
}

export function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
