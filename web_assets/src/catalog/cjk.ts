/**
 * How texts are prepared for full text, and queries in the same way (docs/FORMAT.md 2.8): SQLite's tokenizer takes a
 * run of Chinese, Japanese or Korean characters as one word, so each is written as a word of its own.
 * The twin of builder/imagedb_site/text.py, which writes the catalog.
 */

const RANGES =
  "\\u1100-\\u11ff\\u2e80-\\u2fdf\\u3005-\\u3007\\u3021-\\u3029\\u3031-\\u3035\\u3038-\\u303b\\u3041-\\u3096" +
  "\\u309d-\\u309f\\u30a1-\\u30fa\\u30fc-\\u30ff\\u3105-\\u312f\\u3131-\\u318e\\u31a0-\\u31bf\\u31f0-\\u31ff" +
  "\\u3400-\\u4dbf\\u4e00-\\u9fff\\ua960-\\ua97c\\uac00-\\ud7a3\\ud7b0-\\ud7fb\\uf900-\\ufaff\\uff66-\\uff9d" +
  "\\uffa0-\\uffdc\\u{1b000}-\\u{1b16f}\\u{20000}-\\u{3fffd}";

const CJK = new RegExp(`[${RANGES}]`, "u");
const CJK_ALL = new RegExp(`[${RANGES}]`, "gu");
/** Characters that FTS5 accepts in a word without quotes. */
// eslint-disable-next-line no-control-regex
const BAREWORD = /[A-Za-z0-9_\x1a\u0080-\u{10ffff}]+/gu;

/** Text as the catalog stores it. */
export function spaceCjk(text: string): string {
  if (!CJK.test(text)) return text;
  return text.replace(CJK_ALL, " $& ").replace(/ {2,}/g, " ").replace(/^ +| +$/g, "");
}

/**
 * An FTS5 query with its CJK characters spaced as in the catalog: inside double quotes in place; outside,
 * a word that contains any becomes a quoted phrase, so that prefixes, columns and operators keep their meaning.
 */
export function spaceCjkQuery(query: string): string {
  if (!CJK.test(query)) return query;
  // The parts at odd places are inside quotes; `""` inside a phrase yields an empty even part.
  return query
    .split('"')
    .map((part, at) => (at % 2 ? spaceCjk(part) : part.replace(BAREWORD, (word) => (CJK.test(word) ? `"${spaceCjk(word)}"` : word))))
    .join('"');
}
