/**
 * Which texts count as the same: one folding for full text, filters, suggestions and highlighting. docs/QUERY.md ("Characters")
 * states the rules; the twin is builder/imagedb_site/folding.py.
 */

/**
 * Combining marks of Latin, Greek, Cyrillic, Hebrew and Arabic (vowel signs of other scripts are letters), characters without a
 * look of their own, tatweel, variation selectors, skin tones and tags.
 */
const MARKS = new RegExp(
  // eslint-disable-next-line no-misleading-character-class
  "[\\u0300-\\u036f\\u0483-\\u0487\\u0591-\\u05bd\\u05bf\\u05c1\\u05c2\\u05c4\\u05c5\\u05c7\\u0610-\\u061a" +
  "\\u064b-\\u065f\\u0670\\u06d6-\\u06dc\\u06df-\\u06e4\\u06e7\\u06e8\\u06ea-\\u06ed\\u1ab0-\\u1aff\\u1dc0-\\u1dff" +
  "\\u20d0-\\u20ff\\ufe20-\\ufe2f" +
  "\\u00ad\\u0640\\u061c\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufe00-\\ufe0f" +
  "\\u{1f3fb}-\\u{1f3ff}\\u{e0000}-\\u{e0fff}]+", "gu",
);

/** Characters that full text uses for itself, and NUL. */
const RESERVED = /[\0\ue000\ue001\u{f0000}-\u{10ffff}]/gu;

/** The first digit of other scripts, whose other nine follow it. */
const ZEROS =
  "\u0660\u06f0\u07c0\u0966\u09e6\u0a66\u0ae6\u0b66\u0be6\u0c66\u0ce6\u0d66\u0de6\u0e50\u0ed0" +
  "\u0f20\u1040\u1090\u17e0\u1810\u1946\u19d0\u1a80\u1a90\u1b50\u1bb0\u1c40\u1c50\ua620\ua8d0" +
  "\ua900\ua9d0\ua9f0\uaa50\uabf0";

/** What is left by decomposition: letters that do not decompose, digits of other scripts, quotes and dashes. */
const REPLACED = new Map<string, string>([
  ..."øo łl đd ðd ħh ŧt ŋn ƒf ɨi ɫl ɲn ɖd ĸk ƀb ɓb ɗd ɠg ɦh ƙk ɱm ƥp ʠq ɽr ʂs ƭt ʋv ƴy ƶz ɉj ɇe ɍr ɏy ⱥa ȼc ⱦt ʉu ǥg ȥz ςσ ґг"
    .split(" ").map((pair): [string, string] => [pair[0]!, pair[1]!]),
  ["ß", "ss"], ["þ", "th"], ["æ", "ae"], ["œ", "oe"],
  // Arabic letters as Persian and Urdu write them, and the final forms of ya and ha.
  ["\u06cc", "\u064a"], ["\u0649", "\u064a"], ["\u06a9", "\u0643"], ["\u0629", "\u0647"],
  ...Array.from("‘’‚‛′ʹʻʼʽ‹›`", (quote): [string, string] => [quote, "'"]),
  ...Array.from("“”„‟″«»", (quote): [string, string] => [quote, '"']),
  ...Array.from("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63", (dash): [string, string] => [dash, "-"]),
  ...Array.from(ZEROS).flatMap((zero) => Array.from({ length: 10 }, (_, digit): [string, string] => [
    String.fromCharCode(zero.charCodeAt(0) + digit), String(digit),
  ])),
]);
const REPLACED_CHARACTERS = new RegExp(`[${[...REPLACED.keys()].join("")}]`, "gu");

// eslint-disable-next-line no-control-regex
const ASCII = /^[\x01-\x5f\x61-\x7f]*$/;

/**
 * `text` without case, accents and the other differences that people do not type: NFKD without combining marks, upper, then lower
 * case, then letters that do not decompose, digits of other scripts, quotes and dashes in their plain form, then NFC.
 */
export function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  // The acute accent on its own, which some people type as an apostrophe, decomposes to a space.
  const bare = text.replace(RESERVED, " ").replaceAll("\u00b4", "'").normalize("NFKD").replace(MARKS, "");
  return bare.toUpperCase().toLowerCase().replace(REPLACED_CHARACTERS, (found) => REPLACED.get(found)!).normalize("NFC");
}

/** `text` as typed, except for letter case and Unicode form: NFC of the lower case. */
export function surface(text: string): string {
  return text.replace(RESERVED, " ").toLowerCase().normalize("NFC");
}
