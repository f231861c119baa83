/** The words of a text, as full text looks for them. */
import { EMOJI_SEQUENCE } from "../../base/emoji";
import { isSearchable, split } from "./characters";
import { plainCharacters } from "./typed";

/** Words too common to be required in a caption; they still count in the meaning of a query. */
const STOP_WORDS = new Set(
  "a an and are as at be by for from has in is it its of on or that the this to was were with".split(" "),
);

export function isStopWord(word: string): boolean {
  return STOP_WORDS.has(word.toLowerCase());
}

/** The words of `text` that full text looks for: without punctuation, and without stop words unless all are. */
export function wordsOf(text: string): string[] {
  const words = split(text).flatMap(betweenEmoji).filter(isSearchable);
  const content = words.filter((word) => !STOP_WORDS.has(word.toLowerCase()));
  return content.length ? content : words;
}

/** The emoji of a word, and what is between them: each is a word of its own. */
function betweenEmoji(word: string): string[] {
  const parts: string[] = [];
  let end = 0;
  for (const { 0: emoji, index } of word.matchAll(EMOJI_SEQUENCE)) {
    parts.push(word.slice(end, index), emoji);
    end = index + emoji.length;
  }
  return [...parts, word.slice(end)].filter(Boolean);
}

/** The words of an expression without its syntax. */
export function plainWords(text: string): string {
  const words = split(plainCharacters(text).replace(/["()^*{}:]/g, " ")).filter(isSearchable);
  return words.filter((word) => !["AND", "OR", "NOT", "NEAR"].includes(word)).join(" ");
}

export function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
