/** Precomputed embeddings of frequent words, for a first answer while the text tower is loading. */
import { FormatError } from "../format/errors";
import type { VocabularyFile } from "../format/model";

/** The length of the vocabulary's longest entries, in words. */
const MAX_PHRASE = 4;
/** Unknown words of at most this many letters are ignored. */
const SHORT = 3;

export class Vocabulary {
  private readonly index = new Map<string, number>();

  constructor(private readonly file: VocabularyFile, dim: number) {
    if (file.dim !== dim) throw new FormatError("The dimension of the model's vocabulary differs from that of the model.");
    file.words.forEach((word, i) => {
      if (!this.index.has(word)) this.index.set(word, i);
    });
  }

  /** Whether the vocabulary has a word, or its singular. */
  has(word: string): boolean {
    return this.lookUp(word.toLowerCase().normalize("NFC")) !== undefined;
  }

  /** The words and short phrases, most frequent first. */
  get words(): readonly string[] {
    return this.file.words;
  }

  /**
   * An approximate embedding of a text, float32 [dim], L2-normalised: the mean of the longest known
   * phrases in it. Null if fewer words are known than unknown; short ones ("a", "on", "the") are not counted.
   */
  encode(text: string): Float32Array | null {
    const words = text.toLowerCase().normalize("NFC").match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? [];
    const sum = new Float32Array(this.file.dim);
    let known = 0;
    let missing = 0;
    for (let i = 0; i < words.length;) {
      const length = this.longest(words, i);
      if (length) {
        this.add(this.lookUp(words.slice(i, i + length).join(" "))!, length, sum);
        known += length;
      } else if (words[i]!.length > SHORT) {
        missing++;
      }
      i += Math.max(1, length);
    }
    const norm = Math.hypot(...sum);
    if (!known || known < missing || !(norm > 1e-6)) return null;
    return sum.map((value) => value / norm);
  }

  private longest(words: string[], from: number): number {
    for (let length = Math.min(MAX_PHRASE, words.length - from); length > 0; length--) {
      if (this.lookUp(words.slice(from, from + length).join(" ")) !== undefined) return length;
    }
    return 0;
  }

  /** The word itself, or its singular. */
  private lookUp(phrase: string): number | undefined {
    return this.index.get(phrase) ?? (phrase.length > 3 && phrase.endsWith("s") ? this.index.get(phrase.slice(0, -1)) : undefined);
  }

  private add(entry: number, weight: number, sum: Float32Array): void {
    const { dim, codes, scale } = this.file;
    for (let d = 0; d < dim; d++) sum[d]! += weight * scale[entry]! * codes[entry * dim + d]!;
  }
}
