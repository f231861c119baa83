/** Full text over published rows and additions: two tables, ranked as if they were one. */
import { addCounts, merged, type Counts, type FullText, type Matches, type Ranked } from "../catalog/index";

export class JoinedText implements FullText {
  /** @param first the row that row 0 of `added` is in the whole collection */
  constructor(private readonly published: FullText, private readonly added: FullText, private readonly first: number) {}

  async rank(
    words: readonly string[], allowed: ((row: number) => boolean) | null, weigh: (having: number) => number, beside: Counts | null = null,
  ): Promise<Ranked | null> {
    const { first } = this;
    const [theirs, mine] = await Promise.all([this.published.countWords(words), this.added.countWords(words)]);
    if (!theirs || !mine) return null;
    const [published, added] = await Promise.all([
      this.published.rank(words, allowed, weigh, addCounts(mine, beside)),
      this.added.rank(words, allowed && ((row) => allowed(first + row)), weigh, addCounts(theirs, beside)),
    ]);
    return published && added && {
      strict: merged(published.strict, added.strict, first),
      others: merged(published.others, added.others, first),
    };
  }

  async match(expression: string, beside: Counts | null = null): Promise<Matches> {
    const [theirs, mine] = await Promise.all([this.published.countPhrases(expression), this.added.countPhrases(expression)]);
    const [published, added] = await Promise.all([
      this.published.match(expression, addCounts(mine, beside)),
      this.added.match(expression, addCounts(theirs, beside)),
    ]);
    const length = published.rows.length + added.rows.length;
    const matches: Matches = { rows: new Uint32Array(length), ranks: new Float64Array(length) };
    for (let at = 0, i = 0, j = 0; at < length; at++) {
      // Ties in row order: published rows come first.
      const own = j < added.rows.length && !(published.ranks[i]! <= added.ranks[j]!);
      matches.rows[at] = own ? this.first + added.rows[j]! : published.rows[i]!;
      matches.ranks[at] = own ? added.ranks[j++]! : published.ranks[i++]!;
    }
    return matches;
  }

  async having(expression: string): Promise<Uint32Array> {
    return this.behind(...await Promise.all([this.published.having(expression), this.added.having(expression)]));
  }

  async withWord(word: string): Promise<Uint32Array> {
    return this.behind(...await Promise.all([this.published.withWord(word), this.added.withWord(word)]));
  }

  highlight(texts: readonly string[], expression: string): Promise<string[][]> {
    return this.published.highlight(texts, expression);
  }

  async countWords(words: readonly string[]): Promise<Counts | null> {
    const [theirs, mine] = await Promise.all([this.published.countWords(words), this.added.countWords(words)]);
    return theirs && mine && addCounts(theirs, mine);
  }

  async countPhrases(expression: string): Promise<Counts> {
    return addCounts(...await Promise.all([this.published.countPhrases(expression), this.added.countPhrases(expression)]));
  }

  private behind(published: Uint32Array, added: Uint32Array): Uint32Array {
    const rows = new Uint32Array(published.length + added.length);
    rows.set(published);
    added.forEach((row, i) => { rows[published.length + i] = this.first + row; });
    return rows;
  }
}
