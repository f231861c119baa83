/**
 * Parses a text to a `Query`: the grammar of docs/QUERY.md, the twin of builder/imagedb_site/query/parse.py. It knows no
 * collection, so any `name:value` is kept as a field term; `plan.ts` turns unknown names back into plain words.
 */
import { cutCodePoints, isSearchable, SPACES, split, wellFormed } from "./characters";
import { DASHES, plainCharacters, withMinus } from "./typed";

export type TermKind = "text" | "image" | "like";
export type Operator = ":" | ">" | ">=" | "<" | "<=" | "=";

/** Words, a picture or an image of the collection that results should be near to (`weight` > 0) or far from (< 0). */
export interface Term {
  kind: TermKind;
  value: string;
  weight: number;
}

/**
 * `name:value`, `name>value` and so on, `negated` by a minus; `source` is the whole item. `alternatives` are the parts of the value
 * between commas. Quotes are taken off, and a comma between quotes belongs to its part.
 */
export interface FieldTerm {
  name: string;
  operator: Operator;
  value: string;
  negated: boolean;
  source: string;
  alternatives: string[];
}

/**
 * A parsed query. `phrases` must occur in the text of a result, `excluded` ones must not; `match` is a whole FTS5
 * expression, then `terms` holds its positive words. `k` is the requested number of results. `source` is the
 * text as it was typed.
 */
export interface Query {
  terms: Term[];
  phrases: string[];
  excluded: string[];
  match: string | null;
  fields: FieldTerm[];
  sort: string | null;
  sortDescending: boolean;
  k: number | null;
  source: string;
}

/** A part of the query: `text` in plain characters, and `typed` of the same length as it was typed. */
interface Token {
  kind: "phrase" | "field" | "word";
  text: string;
  typed: string;
}

/** Longer queries are cut here, in code points. */
const MAX_LENGTH = 10_000;
const MAX_K = 10_000;
/** How many alternatives of a field's value count. */
const MAX_ALTERNATIVES = 100;

const SIGN = `[+${DASHES}\\-]?`;
const PART = `(?:"[^"]*(?:""[^"]*)*"?|[^${SPACES}",]+)`;
const LEX = new RegExp(
  `(?<space>[${SPACES}]+)` +
  `|(?<phrase>${SIGN}"[^"]*"?)` +
  `|(?<field>${SIGN}[A-Za-z][A-Za-z0-9_]*(?::|>=|<=|>|<|=)(?=[^${SPACES}])${PART}?(?:,${PART}?)*)` +
  `|(?<word>[^${SPACES}"]+)`,
  "gu",
);
const FIELD = /^([+-]?)([A-Za-z][A-Za-z0-9_]*)(:|>=|<=|>|<|=)(.+)$/su;
const QUOTED_OR_COMMA = /"([^"]*(?:""[^"]*)*)"?|,|[^",]+/gu;
const WEIGHT = /^([0-9]{1,3}(?:\.[0-9]{1,3})?)(?:\*|\u00d7(?![0-9]))(.*)$/su;
const OPERATORS = new Set(["AND", "OR", "NOT"]);
const BARE = "[A-Za-z0-9_\\u0080-\\u{10ffff}]+";
const NEAR = /^\(*NEAR\(/u;
const EXPRESSION_WORD = new RegExp(`^\\(*(?:\\^?(${BARE})\\*|\\^(${BARE}))\\)*$`, "u");
const COLUMN = /^\(*(?:NEAR\()?(?:-?[A-Za-z_][A-Za-z0-9_]*:)?/u;
const MARKS = /[\^*"()]+/gu;
const K = /^0*([0-9]{1,5})$/;

/**
 * Parse `text`; never fails: what fits no rule is plain words.
 * @param expressions false if the text must not be read as an FTS5 expression, because FTS5 refused it
 */
export function parse(text: string, { expressions = true } = {}): Query {
  const source = wellFormed(cutCodePoints(text, MAX_LENGTH));
  const tokens: Token[] = [];
  for (const { 0: token, index, groups } of plainCharacters(source).matchAll(LEX)) {
    const kind = (["phrase", "field", "word"] as const).find((name) => groups![name] !== undefined);
    if (kind) tokens.push({ kind, text: withMinus(token), typed: source.slice(index, index + token.length) });
  }
  if (expressions && isExpression(tokens)) return parseExpression(tokens, source);
  const plain = new Plain(source);
  for (const token of tokens) plain.take(token);
  return plain.finish();
}

/**
 * A query that is not an FTS5 expression. A sign on its own opens a group that contains everything up to the next
 * such sign; a sign directly before a word or phrase applies to it only, and the earlier group continues after it.
 */
class Plain {
  private readonly query: Query;
  private weight = 1;
  private words: string[] = [];

  constructor(source: string) {
    this.query = emptyQuery(source);
  }

  take(token: Token): void {
    const { kind, text } = token;
    if (text === "+" || text === "-") {
      this.close();
      this.weight = text === "-" ? -1 : 1;
    } else if (kind === "phrase") {
      this.phrase(text);
    } else if (kind === "field") {
      this.field(fieldTerm(text), token);
    } else {
      this.word(token);
    }
  }

  finish(): Query {
    this.close();
    return this.query;
  }

  private close(): void {
    if (this.words.length) this.query.terms.push({ kind: "text", value: this.words.join(" "), weight: this.weight });
    this.words = [];
  }

  private phrase(text: string): void {
    const phrase = split(text.replace(/^[+\-"]+|[+\-"]+$/g, "")).join(" ");
    if (!phrase) return;
    if (text.startsWith("-") || this.weight < 0) {
      this.query.excluded.push(phrase);
    } else {
      this.query.phrases.push(phrase);
      this.words.push(phrase);
    }
  }

  private field(term: FieldTerm, token: Token): void {
    if (takeOption(this.query, term)) return;
    const picture = pictureTerm(term, token);
    if (picture) this.query.terms.push({ ...picture, weight: term.negated ? -this.weight : this.weight });
    else this.query.fields.push(term);
  }

  private word(token: Token): void {
    const word = token.text;
    const signed = /^[+-]./su.test(word);
    const sign = word.startsWith("-") ? -1 : 1;
    const bare = signed ? word.slice(1) : word;
    const weighted = WEIGHT.exec(bare);
    const size = weighted ? Number(weighted[1]) : 1;
    const rest = weighted ? weighted[2]! : bare;
    if (signed) {
      this.term(rest, sign * size, token, false);
    } else if (weighted && !this.words.length) {
      this.weight = this.weight > 0 ? size : -size;
      this.term(rest, this.weight, token, true);
    } else {
      this.words.push(word);
    }
  }

  private term(word: string, weight: number, { typed }: Token, keepOpen: boolean): void {
    const colon = word.indexOf(":");
    const name = word.slice(0, Math.max(colon, 0)).toLowerCase();
    const value = word.slice(colon + 1);
    if (value && name === "image") this.query.terms.push({ kind: name, value: typed.slice(-value.length), weight });
    else if (value && name === "like") this.query.terms.push({ kind: name, value, weight });
    else if (word && keepOpen) this.words.push(word);
    else if (word) this.query.terms.push({ kind: "text", value: word, weight });
  }
}

/** `[+-]name(: > >= < <= =)value` as a field term; quotes around the value or its parts are taken off. */
export function fieldTerm(token: string): FieldTerm {
  const [, sign, name, operator, value] = FIELD.exec(token)!;
  const parts = [""];
  for (const { 0: part, 1: quoted } of value!.matchAll(QUOTED_OR_COMMA)) {
    if (part === ",") parts.push("");
    else parts[parts.length - 1] = quoted === undefined ? part : quoted.replaceAll('""', '"');
  }
  return {
    name: name!.toLowerCase(),
    operator: operator as Operator,
    value: parts.join(","),
    negated: sign === "-",
    source: token,
    alternatives: parts.slice(0, MAX_ALTERNATIVES),
  };
}

function emptyQuery(source: string): Query {
  return { terms: [], phrases: [], excluded: [], match: null, fields: [], sort: null, sortDescending: false, k: null, source };
}

/** The term of `image:` or `like:`; a file's name stays as it was typed. Null for other fields. */
function pictureTerm({ name, operator, value }: FieldTerm, { text, typed }: Token): Pick<Term, "kind" | "value"> | null {
  if (operator !== ":" || !value || (name !== "image" && name !== "like")) return null;
  if (name === "like") return { kind: name, value };
  const item = text.slice(text.indexOf(":") + 1);
  const own = typed.slice(-item.length);
  return { kind: name, value: item.startsWith('"') ? own.slice(1, item.slice(1).endsWith('"') ? -1 : undefined) : own };
}

/** Reads `sort:name`, `sort:-name` (descending) and `k:20`. An invalid one is ignored; if there are several, the last one applies. */
function takeOption(query: Query, { name, operator, value }: FieldTerm): boolean {
  if (operator !== ":" || (name !== "sort" && name !== "k")) return false;
  if (name === "sort") {
    const order = withMinus(value);
    const field = order.replace(/^-+/, "").toLowerCase();
    query.sort = field || null;
    query.sortDescending = field !== "" && order.startsWith("-");
  } else {
    const k = Number(K.exec(value)?.[1] ?? 0);
    query.k = k > 0 && k <= MAX_K ? k : null;
  }
  return true;
}

/** Whether this is an FTS5 expression: an operator between words, NEAR(), ab* or ^ab. */
function isExpression(tokens: Token[]): boolean {
  if (tokens.some(({ text }) => text === "+" || text === "-")) return false;
  return tokens.some(({ kind, text }, i) => {
    if (OPERATORS.has(text) && i > 0 && i < tokens.length - 1) return true;
    if (kind !== "word") return false;
    const word = EXPRESSION_WORD.exec(text);
    return NEAR.test(text) || (word !== null && isSearchable(word[1] ?? word[2]!));
  });
}

function parseExpression(tokens: Token[], source: string): Query {
  const query = emptyQuery(source);
  const kept: string[] = [];
  const operator = (token: Token | undefined) => token !== undefined && OPERATORS.has(token.text);
  tokens.forEach((token, i) => {
    const { kind, text } = token;
    if (kind !== "field" || operator(tokens[i - 1]) || operator(tokens[i + 1])) {
      kept.push(text);
      return;
    }
    const term = fieldTerm(text);
    if (takeOption(query, term)) return;
    const picture = pictureTerm(term, token);
    if (picture) query.terms.push({ ...picture, weight: term.negated ? -1 : 1 });
    else query.fields.push(term);
  });
  const words = positiveWords(kept);
  if (words) query.terms.unshift({ kind: "text", value: words, weight: 1 });
  query.match = kept.join(" ");
  return query;
}

/** The positive words of an FTS5 expression: all except those after NOT. */
function positiveWords(tokens: readonly string[]): string {
  const words: string[] = [];
  let depth = 0;
  let skipAbove: number | null = null;
  let skipNext = false;
  for (const token of tokens) {
    if (token === "NOT") {
      skipNext = true;
      continue;
    }
    if (skipNext && skipAbove === null) {
      skipAbove = depth;
      skipNext = false;
    }
    if (skipAbove === null && !OPERATORS.has(token)) {
      const bare = split(token.replace(COLUMN, "").replace(MARKS, "")).join(" ");
      // The distance that ends NEAR(… , 4) is not a word.
      const distance = /^[0-9]+$/.test(bare) && (words.at(-1)?.endsWith(",") ?? false);
      if (bare && !distance) words.push(bare);
    }
    depth += count(token, "(") - count(token, ")");
    if (skipAbove !== null && depth <= skipAbove) skipAbove = null;
  }
  return words.map((word) => word.replace(/,+$/, "")).filter(Boolean).join(" ");
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}
