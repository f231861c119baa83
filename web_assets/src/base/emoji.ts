/**
 * Emoji in texts, and what they are called in English (docs/QUERY.md, "Emoji"). The twin of builder/imagedb_site/emoji.py.
 * The names are a chunk of their own, which is loaded when the first text with an emoji comes.
 */
import { part } from "./errors";

const KEYCAP = "[0-9#*]\\ufe0f?\\u20e3";
/** Signs that are emoji only with the selector behind them. */
const SIGN = "[\\u00a9\\u00ae\\u203c\\u2049\\u2122\\u2139]\\ufe0f";
const FLAG = "[\\u{1f1e6}-\\u{1f1ff}]{2}";
const SYMBOL = "[\\u2190-\\u2bff\\u3030\\u303d\\u3297\\u3299\\u{1f000}-\\u{1faff}]";
/** Selectors, keycaps, skin tones and tags that belong to the symbol before them. */
const LATER = "[\\ufe0e\\ufe0f\\u20e3\\u{1f3fb}-\\u{1f3ff}\\u{e0020}-\\u{e007f}]*";
/** One emoji that is a word in full text: a flag, or a symbol with its modifiers and what joiners add to it. */
// eslint-disable-next-line no-misleading-character-class
export const EMOJI_SEQUENCE = new RegExp(`${FLAG}|${SYMBOL}${LATER}(?:\\u200d${SYMBOL}${LATER})*`, "gu");
// eslint-disable-next-line no-misleading-character-class
const EMOJI = new RegExp(`${KEYCAP}|${SIGN}|${EMOJI_SEQUENCE.source}`, "gu");
// eslint-disable-next-line no-misleading-character-class
const LEFT_OUT = /[\ufe0e\ufe0f\u{1f3fb}-\u{1f3ff}]/gu;
const TAGS = /[\u{e0020}-\u{e007f}]/gu;
const JOINER = "\u200d";

/** The name of an emoji; null if it has none. */
export type EmojiName = (sequence: string) => string | null;

let loading: Promise<EmojiName> | null = null;

/** The emoji and symbols of a text in order, each with its modifiers and joined parts. */
export function emojiIn(text: string): string[] {
  return text.match(EMOJI) ?? [];
}

/** The text with the name of each emoji in its place, between spaces; those without a name stay. */
export function replaceEmoji(text: string, nameOf: EmojiName): string {
  const replaced = text.replace(EMOJI, (sequence) => {
    const name = nameOf(sequence);
    return name === null ? sequence : ` ${name} `;
  });
  return replaced === text ? text : replaced.replace(/ {2,}/g, " ").replace(/^ +| +$/g, "");
}

/** `replaceEmoji` with the names of all emoji, which are loaded if the text has any. */
export async function spelledOut(text: string): Promise<string> {
  return emojiIn(text).length ? replaceEmoji(text, await emojiNames()) : text;
}

/** Loads the names once. A failed load may be tried again. */
export function emojiNames(): Promise<EmojiName> {
  loading ??= part(import("./emoji-names"), "names").then(({ names }) => namesFrom(names)).catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

/** Variation selectors and skin tones do not count. A joined sequence without a name of its own has the names of its parts. */
function namesFrom(names: ReadonlyMap<string, string>): EmojiName {
  return (sequence) => {
    const key = sequence.replace(LEFT_OUT, "");
    const parts = key.split(JOINER).flatMap((part) => names.get(part.replace(TAGS, "")) ?? []);
    return names.get(key) ?? (parts.join(" ") || null);
  };
}
