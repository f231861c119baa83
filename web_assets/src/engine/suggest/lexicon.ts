/**
 * Known words, most frequent first: for completing a word, and for finding the one that was mistyped. Singular and plural are one
 * word. The twin is builder/imagedb_site/query/lexicon.py.
 */
import { part } from "../../base/errors";
import { fold } from "../query/index";
import { pluralKey } from "./plurals";

export interface Found {
  /** The more frequent form of singular and plural. */
  word: string;
  /** How many images have either form, at most; 0 if that is not known. */
  count: number;
}

/** A word that may have been meant. */
export interface Candidate {
  word: string;
  /** The logarithm of the frequency minus the weighed cost: higher is more likely. */
  score: number;
}

/** How often a word counts that only the model knows: less than one that an image has. */
const UNKNOWN_COUNT = 0.1;
/** One error more weighs as much as a word that is a hundred times as frequent. */
const RARER = Math.log(100);
const SHORTEST = 3;
const LONGEST = 40;
/** The highest cost, in quarters of an error, of a correction of words up to a length in letters; `MOST` is that of longer words. */
const LIMITS = [[3, 2], [4, 4], [5, 5], [8, 8]] as const;
const MOST = 10;

/** The forms of one word: the most frequent one, and how often all of them occur together. */
interface Group {
  word: string;
  place: number;
  count: number;
}

export class Lexicon {
  private readonly folded: string[];
  private readonly groups = new Map<string, Group>();
  /** The group of each word of the list. */
  private readonly of: Group[] = [];
  private sorted: { forms: string[]; groups: Group[] } | null = null;

  /** @param counts how many images have each word; without them the order alone counts */
  constructor(private readonly words: readonly string[], private readonly counts?: ArrayLike<number>) {
    this.folded = words.map(fold);
    this.folded.forEach((form, place) => {
      const key = pluralKey(form);
      const group = this.groups.get(key) ?? { word: words[place]!, place, count: 0 };
      group.count += counts?.[place] ?? UNKNOWN_COUNT;
      this.groups.set(key, group);
      this.of.push(group);
    });
  }

  /** Whether the list has a word, or its singular or plural. */
  has(word: string): boolean {
    return this.groups.has(pluralKey(fold(word)));
  }

  /**
   * Words that begin with `prefix` and are longer. Of singular and plural only the more frequent form is among them, if it
   * begins with `prefix`.
   */
  completions(prefix: string, limit: number): Found[] {
    const start = fold(prefix);
    const found = new Map<Group, number>();
    for (let i = 0; i < this.folded.length; i++) {
      if (this.folded[i]!.startsWith(start) && !found.has(this.of[i]!)) found.set(this.of[i]!, i);
    }
    return [...found]
      .filter(([, place]) => this.folded[place]!.length > start.length)
      .sort(([a, first], [b, second]) => b.count - a.count || first - second)
      .slice(0, limit)
      .map(([{ count }, place]) => ({ word: this.words[place]!, count: this.counts ? count : 0 }));
  }

  /**
   * At most `most` words that `word` may be a misspelling of, the most likely first; none a hundred times less likely than the first.
   * Most searches have no such word, so the comparison is a script of its own.
   */
  async near(word: string, most: number): Promise<Candidate[]> {
    const typed = fold(word);
    if (typed.length < SHORTEST || typed.length > LONGEST || !isPlain(typed)) return [];
    const { ERROR, within } = await part(import("./spelling"), "within");
    const { forms, groups } = this.sorted ??= this.sort();
    const costs = new Map<Group, number>();
    for (const [place, cost] of within(typed, forms, highestCost(typed.length))) {
      const group = groups[place]!;
      costs.set(group, Math.min(costs.get(group) ?? Infinity, cost));
    }
    const found = [...costs]
      .map(([group, cost]) => ({ group, score: Math.log(group.count) - RARER * cost / ERROR }))
      .sort((a, b) => b.score - a.score || a.group.place - b.group.place);
    return found.slice(0, most).filter(({ score }) => score >= found[0]!.score - RARER).map(({ group, score }) => ({ word: group.word, score }));
  }

  private sort(): { forms: string[]; groups: Group[] } {
    const groupOf = new Map<string, Group>();
    this.folded.forEach((form, place) => {
      if (form.length >= SHORTEST && !groupOf.has(form) && isPlain(form)) groupOf.set(form, this.of[place]!);
    });
    const forms = [...groupOf.keys()].sort();
    return { forms, groups: forms.map((form) => groupOf.get(form)!) };
  }
}

/** How much a correction of a word of `length` letters may cost, in quarters of an error. */
function highestCost(length: number): number {
  return LIMITS.find(([longest]) => length <= longest)?.[1] ?? MOST;
}

/** Whether a folded word has only letters, apostrophes and hyphens, none beyond U+FFFF. */
export function isPlain(word: string): boolean {
  return /^['-]*[\p{L}\p{M}][\p{L}\p{M}'-]*$/u.test(word) && !/[^\0-\uffff]/u.test(word);
}
