/** Which labels of topics are shown: the largest topics first, and none over another. Pure. */

/** A topic's place on the screen. */
export interface Candidate {
  topic: number;
  text: string;
  left: number;
  top: number;
}

export interface Label extends Candidate {
  width: number;
}

/** CSS pixels of a letter in a wide font, the space around a label, its height, and its greatest width. */
const [LETTER, SPACE, HEIGHT, WIDEST] = [8.6, 18, 26, 220];
const MOST_LABELS = 40;

export function widthOf(text: string): number {
  return Math.min(WIDEST, [...text].length * LETTER + SPACE);
}

/** What the label of a topic says: as many words of its name as fit. The list of topics has all of them. */
export function labelText({ name, words }: { name: string; words: readonly string[] }): string {
  for (let some = words.length; some > 0; some--) {
    const text = words.slice(0, some).join(", ");
    if ([...text].length * LETTER + SPACE <= WIDEST) return text;
  }
  return words[0] ?? name;
}

/** @param candidates in the order of importance; their places are the middles of the labels */
export function thin(candidates: Iterable<Candidate>, width: number, height: number, most = MOST_LABELS): Label[] {
  const labels: Label[] = [];
  for (const candidate of candidates) {
    if (labels.length >= most) break;
    const label = { ...candidate, width: widthOf(candidate.text) };
    const half = label.width / 2;
    if (label.left < 0 || label.top < 0 || label.left > width || label.top > height || label.width > width || height < HEIGHT) continue;
    // Near an edge a label is moved, and not cut.
    const left = (label.left = Math.min(Math.max(label.left, half), width - half));
    const top = (label.top = Math.min(Math.max(label.top, HEIGHT / 2), height - HEIGHT / 2));
    if (!labels.some((other) => Math.abs(other.left - left) < (other.width + label.width) / 2 && Math.abs(other.top - top) < HEIGHT)) labels.push(label);
  }
  return labels;
}

/** The label at a place of the screen. */
export function labelAt(labels: readonly Label[], left: number, top: number): Label | null {
  return labels.find((label) => Math.abs(label.left - left) <= label.width / 2 && Math.abs(label.top - top) <= HEIGHT / 2) ?? null;
}
