/** From what a person types to FTS5 expressions. Agrees with builder/imagedb_site/query. */

/** Words too common to demand of a caption; they still count in the meaning of a query. */
const STOP_WORDS = new Set(
  "a an and are as at be by for from has in is it its of on or that the this to was were with".split(" "),
);
const OPERATORS = new Set(["AND", "OR", "NOT"]);
const LEX = /(?<space>\s+)|(?<phrase>[+-]?"[^"]*"?)|(?<word>[^\s"]+)/gu;
const EXPRESSION_WORD = /^\(*(?:NEAR\(.*|\^?[\p{L}\p{N}][\p{L}\p{N}\p{M}_]*\*\)*|\^[\p{L}\p{N}][\p{L}\p{N}\p{M}_]*\)*)$/su;
/** Shorter beginnings match too much to help. */
const MIN_PREFIX = 2;

export interface WordsPlan {
  /** Whether the text was taken as an FTS5 expression, which may be refused. */
  expression: boolean;
  /** All the words; null where there are none. */
  strict: string | null;
  /** Any of the words, where that is something else than `strict`. */
  loose: string | null;
  /** What marks matched words: any of them. */
  highlight: string | null;
}

/**
 * Plan the words arm for `text`: an FTS5 expression where it uses operators, quotes, `columns`, `*`, `^`
 * or NEAR; else all words, and any of them as a second choice.
 * @param typing whether the last word may be the beginning of one
 */
export function planWords(text: string, columns: readonly string[], typing = false): WordsPlan {
  const trimmed = text.trim();
  if (isExpression(trimmed, columns)) {
    return { expression: true, strict: trimmed, loose: null, highlight: trimmed };
  }
  const words = wordsOf(trimmed);
  const last = words.length - 1;
  const open = typing && !/\s$/u.test(text) && trimmed.endsWith(words[last] ?? "");
  const terms = [...new Set(words.map((word, i) => (open && i === last ? prefixed(word) : quote(word))))];
  const strict = terms.join(" AND ") || null;
  const loose = terms.join(" OR ") || null;
  return { expression: false, strict, loose: loose === strict ? null : loose, highlight: loose };
}

/** An FTS5 expression of the words of `text` as they stand, which is always valid; null where there are none. */
export function quotedQuery(text: string): string | null {
  const words = text.replaceAll('"', " ").split(/\s+/u).filter((word) => searchable(word) && !OPERATORS.has(word));
  return words.map(quote).join(" ") || null;
}

/** The words that full text looks for: no punctuation alone, no stop words unless all are. */
export function wordsOf(text: string): string[] {
  const words = text.split(/\s+/u).filter(searchable);
  const content = words.filter((word) => !STOP_WORDS.has(word.toLowerCase()));
  return content.length ? content : words;
}

/** The words of an expression that a result should be about, for the meaning arm: all but what follows NOT. */
export function plainText(text: string, columns: readonly string[]): string {
  const trimmed = text.trim().replace(/\s+/gu, " ");
  if (!isExpression(trimmed, columns)) return trimmed;
  const tokens = trimmed.replace(/NEAR\s*\(/gu, "(").replace(/,\s*\d+\s*\)/gu, ")").match(/[()]|"(?:[^"]|"")*"?|[^\s()"]+/gu) ?? [];
  const kept: string[] = [];
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
    if (token === "(") depth++;
    else if (token === ")") depth--;
    else if (skipAbove === null && !OPERATORS.has(token)) {
      const bare = token.replace(/^-?\w+:/u, "").replace(/["^*+{}]/gu, " ").trim();
      if (bare) kept.push(bare);
    }
    if (skipAbove !== null && depth <= skipAbove && token !== "(") skipAbove = null;
  }
  return kept.join(" ").replace(/\s+/gu, " ").trim();
}

/** Whether `text` uses FTS5's syntax on purpose: an operator between words, quotes, a column, NEAR(), ab* or ^ab. */
export function isExpression(text: string, columns: readonly string[]): boolean {
  const tokens = [...text.matchAll(LEX)].filter((match) => match.groups!["space"] === undefined);
  return tokens.some(({ 0: token, groups }, i) => {
    if (groups!["phrase"] !== undefined) return true;
    if (OPERATORS.has(token) && i > 0 && i < tokens.length - 1) return true;
    if (EXPRESSION_WORD.test(token)) return true;
    const column = /^[-(]*\{?([A-Za-z][A-Za-z0-9_]*)(?:\})?:/u.exec(token)?.[1];
    if (column !== undefined) return columns.includes(column.toLowerCase());
    return columns.includes(token.toLowerCase()) && (tokens[i + 1]?.[0].startsWith(":") ?? false);
  });
}

function prefixed(word: string): string {
  const quoted = quote(word);
  // The whole word beside its continuations, so that it ranks before them.
  return word.length < MIN_PREFIX ? quoted : `(${quoted} OR ${quoted}*)`;
}

function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

function searchable(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}
