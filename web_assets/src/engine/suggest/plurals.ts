/** Which words are one for suggestions: singular and plural, as full text finds the one with the other. */

const SHORTEST = 4;
const HISSING = /(?:x|ch|sh|o|zz|tz|ss)$/;

/**
 * A key that the singular and the plural of a folded word share; it need not be a word. docs/QUERY.md ("Suggestions") states the
 * rule; the twin is builder/imagedb_site/query/plurals.py. Words of fewer than four letters are their own keys.
 */
export function pluralKey(word: string): string {
  if (word.length < SHORTEST) return word;
  if (word.endsWith("ie")) return `${word.slice(0, -2)}y`;
  if (word.endsWith("ies") && word.length > SHORTEST) return `${word.slice(0, -3)}y`;
  if (word.endsWith("ss") || !/[se]$/.test(word)) return word;
  const bare = word.endsWith("s") ? word.slice(0, -1) : word;
  const short = bare.slice(0, -1);
  return bare.length >= SHORTEST && bare.endsWith("e") && HISSING.test(short) ? short : bare;
}
