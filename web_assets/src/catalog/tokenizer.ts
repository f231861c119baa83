/** The tokens of a text exactly as SQLite's tokenizer gives them: `porter unicode61 remove_diacritics 0 categories 'L* M* N* Co'`. */
import { stem } from "./porter";
import { FOLDED, SEPARATORS } from "./token-table";

export interface Token {
  term: string;
  /** Its place in the text, in UTF-16 units. */
  start: number;
  end: number;
}

const ASCII = /^[\0-\x7f]*$/;
const CACHED_WORDS = 20_000;

let pattern: RegExp | null = null;
let lower: Map<string, string> | null = null;
const stems = new Map<string, string>();

export function tokenize(text: string): Token[] {
  pattern ??= new RegExp(`[^${classOf(SEPARATORS)}]+`, "gu");
  return Array.from(text.matchAll(pattern), ({ 0: word, index }) => ({ term: termOf(word), start: index, end: index + word.length }));
}

function termOf(word: string): string {
  let term = stems.get(word);
  if (term === undefined) {
    term = stem(folded(word));
    if (stems.size >= CACHED_WORDS) stems.clear();
    stems.set(word, term);
  }
  return term;
}

/** A token in lower case, as far as SQLite's tables know it. */
function folded(word: string): string {
  if (ASCII.test(word)) return word.toLowerCase();
  lower ??= mapOf(FOLDED);
  return Array.from(word, (character) => lower!.get(character) ?? character).join("");
}

function numbers(table: string): number[] {
  return table.split(" ").map((digits) => parseInt(digits, 36));
}

/** The inside of a character class. The table has the distance from the last range, and the length, of each range. */
function classOf(table: string): string {
  const found: string[] = [];
  let at = 0;
  numbers(table).forEach((value, i) => {
    found.push(`\\u{${(i % 2 ? at + value - 1 : at + value).toString(16)}}${i % 2 ? "" : "-"}`);
    at += value;
  });
  return found.join("");
}

/** The table has groups of four numbers: the distance from the last group, how many characters, their distance, what is added. */
function mapOf(table: string): Map<string, string> {
  const found = new Map<string, string>();
  const values = numbers(table);
  for (let i = 0, first = 0; i < values.length; i += 4) {
    const [distance, count, step, added] = values.slice(i, i + 4) as [number, number, number, number];
    first += distance;
    for (let code = first; code < first + count * step; code += step) found.set(String.fromCodePoint(code), String.fromCodePoint(code + added));
  }
  return found;
}
