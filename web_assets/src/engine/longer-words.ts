/** Words inside longer words, such as the parts of German compounds. */
import { fold } from "../base/folding";
import { hasUnspaced } from "../catalog/index";

/** How many words that contain a query's word are looked for. */
const MOST_WORDS = 32;
const SHORTEST_PART = 4;
/** What a longer word has before and after the part is nothing, or at least this long. */
const SHORTEST_REST = 3;

/** Whether a word of a query may be part of a longer word. */
export function mayBePart(word: string): boolean {
  const part = fold(word);
  return lengthOf(part) >= SHORTEST_PART && /^\p{L}+$/u.test(part) && !hasUnspaced(part);
}

/**
 * The words that contain `word` between parts that are not too short.
 * @param vocabulary folded, most frequent first
 */
export function longerWords(word: string, vocabulary: readonly string[]): string[] {
  if (!mayBePart(word)) return [];
  const part = fold(word);
  const found = new Set<string>();
  for (const candidate of vocabulary) {
    const at = candidate.indexOf(part);
    if (at < 0 || candidate === part) continue;
    const [before, after] = [lengthOf(candidate.slice(0, at)), lengthOf(candidate.slice(at + part.length))];
    if ((before >= SHORTEST_REST || !before) && (after >= SHORTEST_REST || !after)) found.add(candidate);
    if (found.size === MOST_WORDS) break;
  }
  return [...found];
}

/** In code points. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}

const folded = new WeakMap<readonly string[], string[]>();

/** The words of a list, folded once. */
export function foldedWords(words: readonly string[]): string[] {
  const found = folded.get(words) ?? words.map(fold);
  folded.set(words, found);
  return found;
}
