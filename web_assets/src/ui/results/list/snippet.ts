/** Texts cut to fit, with the words that matched. Pieces alternate: plain, matched, plain … Pure. */

/** How many characters stand before the first matched word of a text that is cut. */
const BEFORE = 60;

const isSpace = (character: string | undefined): boolean => character === undefined || /\s/u.test(character);

/** Whether a cut at `at` would split a surrogate pair. */
function splitsPair(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code < 0xe000;
}

/** The nearest place at or before `at` that begins a word, if there is one within 24 characters. */
function wordStart(text: string, at: number): number {
  for (let place = at; place > Math.max(0, at - 24); place--) if (isSpace(text[place - 1]) && !isSpace(text[place])) return place;
  return splitsPair(text, at) ? at - 1 : at;
}

/** At most `most` characters of the text, around its first matched word, with … where something is left out. */
export function excerpt(pieces: readonly string[], most: number): string[] {
  const text = pieces.join("");
  if (text.length <= most) return tidy(pieces);
  const first = pieces[0]?.length ?? 0;
  const wanted = pieces.length > 1 && first > most - BEFORE ? Math.min(first - BEFORE, text.length - most) : 0;
  const from = wanted > 0 ? wordStart(text, wanted) : 0;
  const to = Math.min(text.length, from + most);
  const end = to < text.length ? Math.max(from + 1, wordStart(text, to)) : to;
  const cut: string[] = [];
  let at = 0;
  for (const piece of pieces) {
    cut.push(piece.slice(Math.max(0, from - at), Math.max(0, end - at)));
    at += piece.length;
  }
  while (cut.length > 1 && cut.length % 2 === 0 && !cut.at(-1)) cut.pop();
  const tidied = tidy(cut);
  if (from > 0) tidied[0] = `… ${tidied[0] ?? ""}`;
  if (end < text.length) {
    if (tidied.length % 2 === 0) tidied.push("");
    tidied[tidied.length - 1] = `${(tidied.at(-1) ?? "").trimEnd()} …`;
  }
  return tidied;
}

/** Line breaks and other runs of spaces as one space. */
function tidy(pieces: readonly string[]): string[] {
  return pieces.map((piece) => piece.replace(/\s+/gu, " "));
}

/** Whether any word is matched. */
export function isMarked(pieces: readonly string[]): boolean {
  return pieces.some((piece, i) => i % 2 === 1 && piece !== "");
}

/** Letters of these scripts are about twice as wide as Latin ones. */
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** About how wide a text is, in em. */
export function emWidth(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE.test(character) ? 1.05 : /[A-Z@%MWmw—]/.test(character) ? 0.72 : 0.55;
  return width;
}

/** The font of labels and values in rem, what stands between them, and how much of a value is worth showing, in em. */
const [VALUE_FONT, BETWEEN, APART, WORTH] = [0.8125, 0.4, 1.25, 6];
/** Values are heavier than usual text. */
const HEAVY = 1.1;

/**
 * How many labels with their values fit into one line, the last of them perhaps cut. At least one.
 * @param room in rem
 */
export function fittingValues(pairs: readonly { label: string; value: string }[], room: number): number {
  let used = 0;
  for (const [i, { label, value }] of pairs.entries()) {
    const before = used + emWidth(label) * VALUE_FONT + BETWEEN;
    const width = emWidth(value) * HEAVY;
    if (i > 0 && before + Math.min(width, WORTH) * VALUE_FONT > room) return i;
    used = before + width * VALUE_FONT + APART;
  }
  return pairs.length;
}

/**
 * How many of the values fit into one line.
 * @param widths of the values with their spaces around, and `room`, in the same unit
 * @param more the width of the note that there are others
 */
export function fitting(widths: readonly number[], room: number, more: number): number {
  let used = 0;
  for (const [i, width] of widths.entries()) {
    used += width;
    const last = i === widths.length - 1;
    if (used + (last ? 0 : more) > room) return i;
  }
  return widths.length;
}
