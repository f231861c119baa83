/** Known words, most frequent first: for completing a word and for finding the one that was mistyped. */
import { fold } from "../query/index";
import { slips } from "./distance";

export interface Found {
  word: string;
  /** How many images have it; 0 if that is not known. */
  count: number;
}

/** Shorter words are not corrected: they are similar to too many words. */
const SHORTEST = 4;
/** Words of at least this length may have two typing errors, shorter ones one. */
const LONG = 6;

export class Lexicon {
  private readonly folded: string[];

  constructor(private readonly words: readonly string[], private readonly counts?: ArrayLike<number>) {
    this.folded = words.map(fold);
  }

  has(word: string): boolean {
    return this.folded.includes(fold(word));
  }

  /** Words that begin with `prefix` and are longer. */
  completions(prefix: string, limit: number): Found[] {
    const start = fold(prefix);
    const found: Found[] = [];
    for (let i = 0; i < this.folded.length && found.length < limit; i++) {
      if (this.folded[i]!.length > start.length && this.folded[i]!.startsWith(start)) found.push(this.at(i));
    }
    return found;
  }

  /** The word with the fewest typing errors; among equals first those with the same first letter, then the most frequent. Null if all differ too much. */
  nearest(word: string): (Found & { slips: number }) | null {
    const wanted = fold(word);
    if (wanted.length < SHORTEST) return null;
    const limit = wanted.length < LONG ? 1 : 2;
    let best = -1;
    let least = Infinity;
    for (let i = 0; i < this.folded.length; i++) {
      const candidate = this.folded[i]!;
      if (candidate.length < SHORTEST - 1) continue;
      // Few people mistype the first letter.
      const cost = slips(wanted, candidate, limit) + (candidate[0] === wanted[0] ? 0 : 0.5);
      if (cost <= limit && cost < least) [best, least] = [i, cost];
    }
    return best < 0 ? null : { ...this.at(best), slips: least };
  }

  private at(i: number): Found {
    return { word: this.words[i]!, count: this.counts?.[i] ?? 0 };
  }
}
