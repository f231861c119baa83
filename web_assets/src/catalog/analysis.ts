/**
 * How text enters full text, and how a query is prepared in the same way (docs/FORMAT.md 2.8). Texts are folded; each character of
 * a script without spaces and each symbol is a term of its own; terms for parts of words and for exact forms follow the text.
 * The twin of builder/imagedb_site/text.py, which writes the catalog.
 */
import { fold, surface } from "../base/folding";

const CJK =
  "\\u1100-\\u11ff\\u2e80-\\u2fdf\\u3005-\\u3007\\u3021-\\u3029\\u3031-\\u3035\\u3038-\\u303b\\u3041-\\u3096" +
  "\\u309d-\\u309f\\u30a1-\\u30fa\\u30fc-\\u30ff\\u3105-\\u312f\\u3131-\\u318e\\u31a0-\\u31bf\\u31f0-\\u31ff" +
  "\\u3400-\\u4dbf\\u4e00-\\u9fff\\ua960-\\ua97c\\uac00-\\ud7a3\\ud7b0-\\ud7fb\\uf900-\\ufaff\\uff66-\\uff9d" +
  "\\uffa0-\\uffdc\\u{1b000}-\\u{1b16f}\\u{20000}-\\u{3fffd}";
/** Thai, Lao, Myanmar, Khmer, Tai Le, New Tai Lue, Tai Tham, Javanese, Myanmar extensions, Tai Viet, Balinese. */
const SOUTH_EAST_ASIAN =
  "\\u0e01-\\u0e3a\\u0e40-\\u0e4e\\u0e81-\\u0ece\\u0edc-\\u0edf\\u1000-\\u109f\\u1780-\\u17d3\\u17dc\\u17dd" +
  "\\u1950-\\u197f\\u1980-\\u19df\\u1a20-\\u1aad\\u1b00-\\u1b4b\\ua980-\\ua9c0\\ua9e0-\\ua9fe\\uaa60-\\uaadf";
const SYMBOLS =
  "\\u00a2-\\u00a7\\u00a9\\u00ac\\u00ae\\u00b0\\u00b1\\u00b6\\u00d7\\u00f7\\u20a0-\\u20cf\\u2100-\\u214f\\u2190-\\u23ff" +
  "\\u2440-\\u27bf\\u2900-\\u297f\\u2b00-\\u2bff\\u3004\\u3012\\u3013\\u3020\\u3030\\u3036\\u3037\\u{1f000}-\\u{1faff}";

// eslint-disable-next-line no-misleading-character-class
const UNSPACED = new RegExp(`[${CJK}${SOUTH_EAST_ASIAN}]`, "u");
// eslint-disable-next-line no-misleading-character-class
const ALL_UNSPACED = new RegExp(UNSPACED.source, "gu");
const ALL_SYMBOLS = new RegExp(`[${SYMBOLS}]`, "gu");
const SYMBOL_TERMS = 0xf0000;
const WORD = /[\p{L}\p{M}\p{N}]+/gu;
const WHOLE_WORD = /^[\p{L}\p{M}\p{N}]+$/u;
/** Characters that FTS5 accepts in a word without quotes. */
// eslint-disable-next-line no-control-regex
const BAREWORD = /[A-Za-z0-9_\x1a\u0080-\u{10ffff}]+/gu;
const ASCII = /^[\0-\x7f]*$/;
const SHORTEST_NUMBER = 3;
const MOST_PARTS = 1000;
/** In an exact term, between the folded and the exact form; `BOTH` if the text also has the folded form. */
const EXACT = "\ue000";
const BOTH = "\ue001";

/** Whether a folded text has an emoji or another symbol that is a word in full text. */
export function hasSymbol(folded: string): boolean {
  return folded.search(ALL_SYMBOLS) >= 0;
}

/** Whether a text has characters of a script without spaces, each of which is a term in full text. */
export function hasUnspaced(text: string): boolean {
  return UNSPACED.test(text);
}

/** Text as the catalog stores it: its words, then the terms for their parts. */
export function analyze(text: string): string {
  const words = terms(text);
  const parts = [...numberParts(words), ...camelParts(text), ...exactTerms(text)];
  return parts.length ? [words, ...parts].join(" ") : words;
}

/** The terms of a text, without those for parts of words. */
export function terms(text: string): string {
  return spaced(fold(text));
}

/**
 * An FTS5 query prepared as texts are: inside double quotes in place; outside, a word beyond ASCII becomes a quoted phrase, so that
 * prefixes, columns and operators keep their meaning.
 */
export function analyzeQuery(query: string): string {
  const text = query.replaceAll("\0", " ");
  if (ASCII.test(text)) return text;
  // The parts at odd places are inside quotes; `""` inside a phrase yields an empty even part.
  return text
    .split('"')
    .map((part, at) => (at % 2 ? inside(part) : part.replace(BAREWORD, (word) => (ASCII.test(word) ? word : `"${inside(word)}"`))))
    .join('"');
}

/** The terms of a text between quotes, which must not end there. An exact term stays as it is. */
function inside(text: string): string {
  return text.includes(EXACT) || text.includes(BOTH) ? text : terms(text).replaceAll('"', " ");
}

/** A folded text with a word for each character of a script without spaces and each symbol. */
function spaced(folded: string): string {
  const text = spread(folded);
  return text === folded ? text : text.replace(/ {2,}/g, " ").replace(/^ +| +$/g, "");
}

function spread(folded: string): string {
  if (ASCII.test(folded)) return folded;
  return folded.replace(ALL_UNSPACED, " $& ")
    .replace(ALL_SYMBOLS, (found) => ` ${String.fromCodePoint(SYMBOL_TERMS | (found.codePointAt(0)! & 0xffff))} `);
}

export interface TypedForms {
  /** Expressions for the rows that have the exact form of each part that folding changes. */
  wanted: string[];
  /** Expressions for the rows in which a part that folding leaves alone occurs in another form only. */
  unwanted: string[];
}

/** Which rows have a query's word in the form in which it was typed. */
export function typedForms(word: string): TypedForms {
  const forms: TypedForms = { wanted: [], unwanted: [] };
  for (const [exact] of surface(word).matchAll(WORD)) {
    const folded = fold(exact);
    if (UNSPACED.test(exact) || !WHOLE_WORD.test(folded)) continue;
    if (folded === exact) forms.unwanted.push(`"${folded}${EXACT}" *`);
    else forms.wanted.push(`("${folded}${EXACT}${exact}" OR "${folded}${BOTH}${exact}")`);
  }
  return forms;
}

/** The numbers inside words with letters, as in dsc01235, each also without its leading zeros. */
function numberParts(words: string): string[] {
  const parts = new Set<string>();
  if (!/[0-9]/.test(words)) return [];
  for (const [word] of words.matchAll(WORD)) {
    for (const [number] of word.matchAll(/[0-9]+/g)) {
      const bare = number.replace(/^0+/, "");
      if (number !== word && number.length >= SHORTEST_NUMBER) parts.add(number);
      if (bare && bare !== number && (number === word || number.length >= SHORTEST_NUMBER)) parts.add(bare);
    }
  }
  return [...parts].slice(0, MOST_PARTS);
}

/** The words inside CamelCase words of ASCII letters, of three letters or more, folded. */
function camelParts(text: string): string[] {
  const parts = new Set<string>();
  if (!/[a-z][A-Z]/.test(text)) return [];
  for (const [word] of text.matchAll(WORD)) {
    if (!ASCII.test(word) || !/[a-z][A-Z]/.test(word)) continue;
    for (const [part] of word.matchAll(/[A-Z]?[a-z]{2,}|[A-Z]{2,}(?![a-z])/g)) if (part.length >= 3) parts.add(part.toLowerCase());
  }
  return [...parts].slice(0, MOST_PARTS);
}

/** The folded and the exact form of each word that has letters beyond ASCII, except in scripts without spaces. */
function exactForms(text: string): [folded: string, exact: string][] {
  if (ASCII.test(text)) return [];
  const forms = new Map<string, string>();
  for (const [word] of surface(text).matchAll(WORD)) {
    if (ASCII.test(word) || UNSPACED.test(word)) continue;
    const folded = fold(word);
    if (WHOLE_WORD.test(folded) && !UNSPACED.test(folded)) forms.set(word, folded);
  }
  return Array.from(forms, ([exact, folded]) => [folded, exact]);
}

/** A term for the exact form of each word that folding changes. */
function exactTerms(text: string): string[] {
  const forms = exactForms(text).filter(([folded, exact]) => folded !== exact);
  if (!forms.length) return [];
  const plain = new Set(Array.from(surface(text).matchAll(WORD), ([word]) => word));
  return forms.map(([folded, exact]) => folded + (plain.has(folded) ? BOTH : EXACT) + exact).slice(0, MOST_PARTS);
}

/** A text as the catalog stores it, with the place in the text that each of its UTF-16 units comes from. */
export interface Located {
  stored: string;
  starts: Uint32Array;
  ends: Uint32Array;
}

/** A character with its marks; jamo that compose to one syllable and half-width voicing marks belong together. */
// eslint-disable-next-line no-misleading-character-class
const CLUSTER = /(?:[\u1100-\u115f][\u1160-\u11a7]?[\u11a8-\u11ff]?|[^])[\p{M}\u200d\uff9e\uff9f\u{1f3fb}-\u{1f3ff}]*/gu;

/** For highlighting: the terms of a text, without those of exact forms, with their places. */
export function locate(text: string): Located {
  const [pieces, starts, ends]: [string[], number[], number[]] = [[], [], []];
  const add = (piece: string, from: number, to: number) => {
    pieces.push(piece);
    for (let i = 0; i < piece.length; i++) {
      starts.push(from);
      ends.push(to);
    }
  };
  for (const { 0: cluster, index } of text.matchAll(CLUSTER)) {
    add(spread(fold(cluster)), index, index + cluster.length);
  }
  for (const { 0: word, index } of text.matchAll(WORD)) {
    const parts = [...numberParts(terms(word)), ...camelParts(word)];
    if (parts.length) add(` ${parts.join(" ")}`, index, index + word.length);
  }
  return { stored: pieces.join(""), starts: Uint32Array.from(starts), ends: Uint32Array.from(ends) };
}
