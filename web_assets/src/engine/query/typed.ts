/**
 * Typographic characters that phones and input methods type for the signs of the query language. docs/QUERY.md ("Typed characters")
 * lists them; the twin is builder/imagedb_site/query/typed.py.
 */

const QUOTE = "\\u201c\\u201d\\u201e\\u201f\\u00ab\\u00bb\\u2033\\u300c-\\u300f\\u301d-\\u301f\\uff62\\uff63";
const QUOTES = new RegExp(`[${QUOTE}]`, "gu");
const APOSTROPHES = /[\u2018-\u201b\u2032\u2039\u203a\u02b9\u02bb-\u02bd]/gu;
const FULL_WIDTH = /[\uff01-\uff5e]/gu;
/** Dashes and minus signs, as the inside of a character class. */
export const DASHES = "\\u2010-\\u2015\\u2212\\ufe58\\ufe63";

const DASH = new RegExp(`[${DASHES}]`, "gu");
const DASH_FIRST = new RegExp(`^[${DASHES}]`, "u");
const DOTS = /\.{3}|[\u2025\u2026~\u301c]/gu;
const DATE = "[0-9]{4}(?:-[0-9]{1,2}){0,2}(?:[Tt][0-9:]{1,8})?";
const NUMBER = "[+-]?[0-9]+(?:\\.[0-9]+)?";
const DATE_RANGE = new RegExp(`^(${DATE})-(${DATE})$`);
const NUMBER_RANGE = new RegExp(`^(${NUMBER})-(${NUMBER})$`);

// eslint-disable-next-line no-control-regex
const ASCII = /^[\x00-\x7f]*$/;

/** `text`, of the same length, with ASCII quotes, apostrophes, commas and full-width signs. */
export function plainCharacters(text: string): string {
  if (ASCII.test(text)) return text;
  return text.replace(QUOTES, '"').replace(APOSTROPHES, "'").replaceAll("\u3001", ",")
    .replace(FULL_WIDTH, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
}

/** `token` with a minus for a dash at its start. */
export function withMinus(token: string): string {
  return token.replace(DASH_FIRST, "-");
}

/**
 * The value of a number or date filter with ASCII signs, and `..` between the ends of a range. Between two numbers or two dates a
 * dash stands for `..`, and so do three dots.
 */
export function plainRange(value: string, dates: boolean): string {
  const text = plainCharacters(value).replace(DASH, "-").replace(DOTS, "..");
  return text.replace(dates ? DATE_RANGE : NUMBER_RANGE, "$1..$2");
}

const UNQUOTED = /^[\p{L}\p{N}\p{M}_.#&+-]+$/u;
const ANY_QUOTE = new RegExp(`["\\uff02${QUOTE}]`, "gu");

/** A value as a filter's text that is read back as this value: if it needs quotes, those inside are doubled. */
export function quotedValue(value: string): string {
  return UNQUOTED.test(value) && plainCharacters(value) === value ? value : `"${value.replace(ANY_QUOTE, "$&$&")}"`;
}
