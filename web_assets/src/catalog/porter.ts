/**
 * The stemmer of SQLite's tokenizer `porter`, on the UTF-8 bytes of a token as SQLite does it. It differs from other versions of
 * Porter's algorithm in details, so it must not be replaced by one.
 */

/** Tokens with more bytes, and those with fewer, stay as they are. */
const MOST_BYTES = 64;
const FEWEST_BYTES = 3;
const ASCII = /^[\0-\x7f]*$/;

type Condition = (stem: string) => boolean;
type Rules = readonly (readonly [suffix: string, replacement: string])[];

const rules = (text: string): Rules => text.split(" ").map((rule) => rule.split(":") as [string, string]);

/** In each list, the first suffix that fits decides, so longer ones come before their own endings. */
const STEP_2 = rules(
  "ational:ate tional:tion enci:ence anci:ance izer:ize logi:log bli:ble alli:al entli:ent eli:e ousli:ous ization:ize ation:ate ator:ate " +
  "alism:al iveness:ive fulness:ful ousness:ous aliti:al iviti:ive biliti:ble",
);
const STEP_3 = rules("ical:ic ness: icate:ic iciti:ic ful: ative: alize:al");
const STEP_4 = rules("al: ance: ence: er: ic: able: ible: ant: ement: ment: ent: ion: ou: ism: ate: iti: ous: ive: ize:");

export function stem(token: string): string {
  // Every rule is about an ending in these letters.
  if (!/[a-z]$/.test(token)) return token;
  if (ASCII.test(token)) return token.length > MOST_BYTES || token.length < FEWEST_BYTES ? token : stemBytes(token);
  const bytes = new TextEncoder().encode(token);
  if (bytes.length > MOST_BYTES || bytes.length < FEWEST_BYTES) return token;
  const stemmed = stemBytes(String.fromCharCode(...bytes));
  return new TextDecoder().decode(Uint8Array.from(stemmed, (byte) => byte.charCodeAt(0)));
}

/** @param word one character per byte */
function stemBytes(word: string): string {
  let found = withoutPlural(word);
  const shorter = withoutPast(found);
  found = shorter === null ? eed(found) : repaired(shorter);
  if (found.endsWith("y") && hasVowel(found.slice(0, -1))) found = `${found.slice(0, -1)}i`;
  found = apply(apply(apply(found, STEP_2, longer), STEP_3, longer), STEP_4, longest);
  if (found.endsWith("e")) {
    const rest = found.slice(0, -1);
    const size = measure(rest);
    if (size > 1 || (size === 1 && !isShort(rest))) found = rest;
  }
  return found.length > 1 && found.endsWith("ll") && measure(found.slice(0, -1)) > 1 ? found.slice(0, -1) : found;
}

function withoutPlural(word: string): string {
  if (!word.endsWith("s") || word.endsWith("ss")) return word;
  return (word.length > 4 && word.endsWith("sses")) || (word.length > 3 && word.endsWith("ies")) ? word.slice(0, -2) : word.slice(0, -1);
}

/** The word without `ed` or `ing`; null if it keeps its ending. */
function withoutPast(word: string): string | null {
  if (word.length > 3 && word.endsWith("eed")) return null;
  for (const suffix of ["ed", "ing"]) {
    if (word.length <= suffix.length || !word.endsWith(suffix)) continue;
    const rest = word.slice(0, -suffix.length);
    return hasVowel(rest) ? rest : null;
  }
  return null;
}

function eed(word: string): string {
  return word.length > 3 && word.endsWith("eed") && measure(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word;
}

/** What follows where `ed` or `ing` was taken away. */
function repaired(word: string): string {
  if (word.length > 2 && /(?:at|bl|iz)$/.test(word)) return `${word}e`;
  const last = word[word.length - 1]!;
  if (!"aeioulsz".includes(last) && last === word[word.length - 2]) return word.slice(0, -1);
  return measure(word) === 1 && isShort(word) ? `${word}e` : word;
}

function apply(word: string, list: Rules, condition: Condition): string {
  for (const [suffix, replacement] of list) {
    if (word.length <= suffix.length || !word.endsWith(suffix)) continue;
    const rest = word.slice(0, -suffix.length);
    return condition(rest) && (suffix !== "ion" || /[st]$/.test(rest)) ? rest + replacement : word;
  }
  return word;
}

const longer: Condition = (rest) => measure(rest) > 0;
const longest: Condition = (rest) => measure(rest) > 1;

function isVowel(letter: string, orY: boolean): boolean {
  return "aeiou".includes(letter) || (orY && letter === "y");
}

/** How many times a vowel is followed by a consonant, counted up to 2. */
function measure(word: string): number {
  let [count, consonant] = [0, false];
  let inVowels = false;
  for (const letter of word) {
    consonant = !isVowel(letter, consonant);
    if (consonant && inVowels && ++count === 2) return 2;
    inVowels = !consonant;
  }
  return count;
}

function hasVowel(word: string): boolean {
  for (let i = 0; i < word.length; i++) if (isVowel(word[i]!, i > 0)) return true;
  return false;
}

/** Whether a word ends with consonant, vowel, consonant, the last one not w, x or y. */
function isShort(word: string): boolean {
  if (/[wxy]$/.test(word)) return false;
  let consonant = false;
  const kinds = Array.from(word, (letter) => (consonant = !isVowel(letter, consonant)));
  const [a, b, c] = kinds.slice(-3);
  return kinds.length > 2 && a === true && b === false && c === true;
}
