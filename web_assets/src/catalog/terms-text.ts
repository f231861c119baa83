/** Full text over an index of terms: SQLite's answers, without SQLite. */
import { analyze, analyzeQuery, locate, terms as termsOf } from "./analysis";
import { gain, rarity } from "./bm25";
import { addCounts, type Counts } from "./counts";
import { parseExpression, type Near, type Node } from "./expression";
import type { FullText, Matches } from "./full-text";
import { cut } from "./highlight";
import { Leaf, readLeaf, type Detail, type LeafRows } from "./leaf";
import { MemoryTerms } from "./memory-terms";
import { rankWords, type Ranked } from "./rank-words";
import type { Terms } from "./terms";
import { tokenize } from "./tokenizer";
import { nearsOf, walk } from "./walk";

const CACHED_EXPRESSIONS = 24;
const CACHED_WORDS = 48;
const COLUMN = 2 ** 32;

/** An expression with what its phrases need. */
interface Read {
  node: Node;
  nears: readonly Near[];
  leaves: ReadonlyMap<Near, Leaf>;
  having: readonly number[];
}

export class TermsText implements FullText {
  private readonly matches = new Map<string, Promise<Matches>>();
  private readonly unranked = new Map<string, Promise<Uint32Array>>();
  private readonly phrases = new Map<string, Promise<Counts>>();

  constructor(protected readonly terms: Terms, readonly columns: readonly string[]) {}

  /** Full text over texts in memory: one list per row, one text per column, as people wrote them. */
  static of(texts: readonly (readonly string[])[], columns: readonly string[]): TermsText {
    return new TermsText(new MemoryTerms(texts.map((row) => row.map(analyze))), columns);
  }

  async rank(
    words: readonly string[], allowed: ((row: number) => boolean) | null, weigh: (having: number) => number, beside: Counts | null = null,
  ): Promise<Ranked | null> {
    const wanted = oneTermEach(words);
    if (!wanted) return null;
    const having = await Promise.all(wanted.map((term) => this.terms.having(term)));
    return await rankWords(this.terms, wanted, { counts: addCounts(this.totals(having), beside), allowed, weigh, alone: !beside });
  }

  async countWords(words: readonly string[]): Promise<Counts | null> {
    const wanted = oneTermEach(words);
    return wanted && this.totals(await Promise.all(wanted.map((term) => this.terms.having(term))));
  }

  async withWord(word: string): Promise<Uint32Array> {
    const [term] = oneTermEach([word]) ?? [];
    return term === undefined ? await this.having(`"${word.replaceAll('"', '""')}"`) : await this.terms.rows(term);
  }

  async match(expression: string, beside: Counts | null = null): Promise<Matches> {
    const asked = analyzeQuery(expression);
    return remembered(this.matches, beside ? `${asked}\0${JSON.stringify(beside)}` : asked, CACHED_EXPRESSIONS, () => this.ranked(asked, beside));
  }

  async having(expression: string): Promise<Uint32Array> {
    const asked = analyzeQuery(expression);
    return remembered(this.unranked, asked, CACHED_WORDS, async () => {
      const rows: number[] = [];
      const { node, leaves } = await this.read(asked, "rows");
      walk(node, leaves, (row) => rows.push(row));
      return Uint32Array.from(rows);
    });
  }

  async countPhrases(expression: string): Promise<Counts> {
    const asked = analyzeQuery(expression);
    return remembered(this.phrases, asked, CACHED_EXPRESSIONS, async () => this.totals((await this.read(asked, "times")).having));
  }

  async highlight(texts: readonly string[], expression: string): Promise<string[][]> {
    const located = texts.map(locate);
    const stored = located.map((text) => text.stored);
    const one = new TermsText(new MemoryTerms([stored]), this.columns);
    const { node, nears, leaves } = await one.read(analyzeQuery(expression), "places");
    const ranges: [first: number, last: number][] = [];
    walk(node, leaves, () => {
      for (const near of nears) {
        const { data, eof, current } = leaves.get(near)!;
        data.places.forEach((places, i) => {
          if (eof || !current[i]) return;
          for (const place of places) ranges.push([place, place + near.phrases[i]!.terms.length - 1]);
        });
      }
    });
    return texts.map((text, column) => {
      const mine = ranges.filter(([first]) => Math.floor(first / COLUMN) === column);
      const tokens = mine.length ? tokenize(stored[column]!) : [];
      return cut(text, located[column]!, mine.map(([first, last]) => [tokens[first % COLUMN]!.start, tokens[last % COLUMN]!.end]));
    });
  }

  private totals(having: readonly number[]): Counts {
    return { rows: this.terms.count, size: this.terms.tokens, having };
  }

  /** @throws SyntaxProblem if the expression is not valid */
  private async read(expression: string, detail: Detail): Promise<Read> {
    const node = parseExpression(expression, this.columns);
    const nears = nearsOf(node);
    const known = new Map<string, Promise<LeafRows>>();
    const data = await Promise.all(nears.map((near) => {
      const key = JSON.stringify({ ...near, columns: near.columns && [...near.columns] });
      const found = known.get(key) ?? readLeaf(this.terms, near, detail);
      known.set(key, found);
      return found;
    }));
    return { node, nears, leaves: new Map(nears.map((near, i) => [near, new Leaf(data[i]!)])), having: data.flatMap(({ having }) => having) };
  }

  private async ranked(expression: string, beside: Counts | null): Promise<Matches> {
    const { node, nears, leaves, having } = await this.read(expression, "times");
    const found: number[] = [];
    const times: number[] = [];
    const all = nears.map((near) => leaves.get(near)!);
    walk(node, leaves, (row) => {
      found.push(row);
      for (const { eof, row: at, current } of all) for (const count of current) times.push(!eof && at === row ? count : 0);
    });
    const rows = Uint32Array.from(found);
    const counts = addCounts(this.totals(having), beside);
    const rarities = counts.having.map((some) => rarity(counts.rows, some));
    const meanSize = counts.size / counts.rows;
    const sizes = await this.terms.lengths(rows, wordsOf(nears));
    const ranks = Float64Array.from(rows, (_, i) => {
      let score = 0;
      for (let phrase = 0; phrase < rarities.length; phrase++) {
        score += gain(rarities[phrase]!, times[i * rarities.length + phrase]!, sizes[i]!, meanSize);
      }
      return -1 * score;
    });
    const order = Uint32Array.from(rows.keys()).sort((a, b) => ranks[a]! - ranks[b]! || a - b);
    return { rows: order.map((i) => rows[i]!), ranks: Float64Array.from(order, (i) => ranks[i]!) };
  }
}

/** The single words of an expression. */
function wordsOf(nears: readonly Near[]): string[] {
  return nears.flatMap(({ phrases }) => phrases.filter((phrase) => phrase.terms.length === 1 && !phrase.prefixes[0]).map((phrase) => phrase.terms[0]!));
}

/** The term of each word; null if one of them is not a single term. */
function oneTermEach(words: readonly string[]): string[] | null {
  const found: string[] = [];
  for (const word of words) {
    const [token, ...others] = tokenize(termsOf(word));
    if (!token || others.length) return null;
    found.push(token.term);
  }
  return found;
}

/** The cached answer for a key, found if it is missing; the least recently used one is dropped, and so is one that fails. */
function remembered<T>(cache: Map<string, Promise<T>>, key: string, size: number, make: () => Promise<T>): Promise<T> {
  const value = cache.get(key) ?? make();
  cache.delete(key);
  cache.set(key, value);
  if (cache.size > size) cache.delete(cache.keys().next().value!);
  value.catch(() => { if (cache.get(key) === value) cache.delete(key); });
  return value;
}
