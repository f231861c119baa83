/**
 * Which characters of a query are spaces or letters, and which texts are equal. The twin of
 * builder/imagedb_site/query/characters.py: nothing here may depend on `\s` or `\w`, which differ between programming languages.
 */

import { hasSymbol } from "../../catalog/analysis";
import { fold } from "../../base/folding";

export { fold };

/** Unicode's white space, the control characters and U+FEFF, as the inside of a character class. */
export const SPACES =
  "\\x00-\\x20\\x7f-\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff";

const SPACE_RUN = new RegExp(`[${SPACES}]+`, "u");
const JOINERS = new RegExp(`[${SPACES}_\\-]+`, "gu");

/** `text` with U+FFFD for every lone surrogate. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** The first `length` code points of `text`. */
export function cutCodePoints(text: string, length: number): string {
  if (text.length <= length) return text;
  let at = 0;
  for (let i = 0; i < length && at < text.length; i++) at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  return text.slice(0, at);
}

/** The parts of `text` between spaces. */
export function split(text: string): string[] {
  return text.split(SPACE_RUN).filter(Boolean);
}

/** Whether `text` contains a letter or a number (Unicode categories L and N), or a symbol that full text takes as a word. */
export function isSearchable(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text) || hasSymbol(fold(text));
}

/** `value` folded, with each run of spaces, `_` and `-` replaced by one space, and none at the ends. */
export function normal(value: string): string {
  return fold(value).replace(JOINERS, " ").replace(/^ +| +$/g, "");
}

/** Compares by code points, for `sort`; the order of UTF-16 units differs beyond U+FFFF. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** A unit's place in the order of code points: surrogates come last. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
