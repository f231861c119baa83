import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gain, rarity } from "../../web_assets/src/catalog/bm25";
import { MemoryTerms } from "../../web_assets/src/catalog/memory-terms";
import { lowest, merged, nthLowest, type Scored } from "../../web_assets/src/catalog/ordered";
import { rankWords } from "../../web_assets/src/catalog/rank-words";
import type { Sized } from "../../web_assets/src/catalog/terms";

const HEAD = 3;

/** Terms that keep a few best rows of each word, and know the tokens of a row only after they were read. */
class StoredTerms extends MemoryTerms {
  readonly read = new Set<number>();

  override async lengths(rows: Uint32Array): Promise<Uint32Array> {
    for (const row of rows) this.read.add(row);
    return await super.lengths(rows);
  }

  override knownLengths(rows: Uint32Array): Uint32Array {
    return super.knownLengths(rows).map((size, i) => (this.read.has(rows[i]!) ? size : 0));
  }

  override async best(term = ""): Promise<Sized | null> {
    const [rows, times] = await Promise.all([this.rows(term), this.times(term)]);
    const sizes = super.knownLengths(rows);
    const order = [...rows.keys()].sort((a, b) => this.part(times[b]!, sizes[b]!) - this.part(times[a]!, sizes[a]!) || a - b);
    const places = Uint32Array.from(order.slice(0, HEAD)).sort();
    for (const place of places) this.read.add(rows[place]!);
    return { rows: places.map((i) => rows[i]!), times: places.map((i) => times[i]!), sizes: places.map((i) => sizes[i]!) };
  }

  private part(times: number, size: number): number {
    return gain(1, times, size, this.tokens / this.count);
  }
}

function ranksFor(terms: MemoryTerms, having: number[], allowed: ((row: number) => boolean) | null) {
  return { counts: { rows: terms.count, size: terms.tokens, having }, allowed, weigh: (some: number) => 1 / (1 + some), alone: true };
}

/** Every row by the definition of bm25, from the texts alone. */
function expected(texts: readonly string[], words: readonly string[], allowed: (row: number) => boolean): { strict: number[]; others: number[] } {
  const tokens = texts.map((text) => text.split(" ").filter(Boolean));
  const having = words.map((word) => tokens.filter((text) => text.includes(word)).length);
  const mean = tokens.reduce((sum, { length }) => sum + length, 0) / texts.length;
  const scores = tokens.map((text) => words.reduce((sum, word, i) => {
    const times = text.filter((token) => token === word).length;
    return times ? sum - gain(rarity(texts.length, having[i]!), times, text.length, mean) : sum;
  }, 0));
  const rows = [...tokens.keys()].filter((row) => allowed(row) && words.some((word) => tokens[row]!.includes(word)));
  rows.sort((a, b) => scores[a]! - scores[b]! || a - b);
  const all = (row: number) => words.every((word) => tokens[row]!.includes(word));
  return { strict: rows.filter(all), others: rows.filter((row) => !all(row)) };
}

const WORDS = ["red", "car", "dog", "x"];
const text = fc.array(fc.constantFrom(...WORDS, "filler", "other"), { maxLength: 12 }).map((tokens) => tokens.join(" "));

describe("the first rows by bm25", () => {
  it("are those of the definition, for any number of them", async () => {
    const texts = fc.array(text, { minLength: 1, maxLength: 40 });
    const words = fc.array(fc.constantFrom(...WORDS, "never"), { minLength: 1, maxLength: 4 });
    await fc.assert(fc.asyncProperty(texts, words, fc.boolean(), fc.nat(20), async (all, asked, filtered, count) => {
      const terms = new StoredTerms(all.map((one) => [one]));
      const having = await Promise.all(asked.map((word) => terms.having(word)));
      const allowed = filtered ? (row: number) => row % 3 !== 1 : null;
      const found = await rankWords(terms, asked, ranksFor(terms, having, allowed));
      const wanted = expected(all, asked, allowed ?? (() => true));
      for (const part of ["strict", "others"] as const) {
        expect(found[part].length).toBe(wanted[part].length);
        expect([...(await found[part].first(count)).rows]).toEqual(wanted[part].slice(0, count));
        expect([...await found[part].rows()].sort((a, b) => a - b)).toEqual([...wanted[part]].sort((a, b) => a - b));
        expect([...(await found[part].first(Infinity)).rows]).toEqual(wanted[part]);
      }
    }), { numRuns: 300 });
  });

  it("read no tokens of rows that cannot be among them", async () => {
    // Rows with only the common word get less than any with the rare one.
    const texts = Array.from({ length: 400 }, (_, row) => (row % 40 === 0 ? "rare filler filler" : "common filler filler"));
    const terms = new StoredTerms(texts.map((one) => [one]));
    const { others } = await rankWords(terms, ["rare", "common"], ranksFor(terms, [10, 390], null));
    expect((await others.first(8)).rows).toEqual(Uint32Array.from([0, 40, 80, 120, 160, 200, 240, 280]));
    expect([...terms.read].filter((row) => row % 40 !== 0).length).toBeLessThanOrEqual(HEAD);
  });

  it("need no list if there is one word", async () => {
    const terms = new StoredTerms(Array.from({ length: 50 }, (_, row) => [`word${" filler".repeat(row)}`]));
    const { strict } = await rankWords(terms, ["word"], ranksFor(terms, [50], null));
    terms.rows = () => Promise.reject(new Error("The list was read."));
    expect([...(await strict.first(HEAD)).rows]).toEqual([0, 1, 2]);
    await expect(strict.first(HEAD + 1)).rejects.toThrow("The list was read.");
  });
});

describe("the lowest numbers", () => {
  const numbers = fc.array(fc.double({ noNaN: true, min: -3, max: 0 }).map((value) => Math.round(value * 4) / 4 || 0), { minLength: 1, maxLength: 60 });

  it("are those of a whole sort", () => {
    fc.assert(fc.property(numbers, fc.nat(60), (values, n) => {
      const ranks = Float64Array.from(values);
      const sorted = [...ranks.keys()].sort((a, b) => ranks[a]! - ranks[b]! || a - b);
      const rows = Uint32Array.from(ranks.keys());
      expect([...lowest(ranks, rows, n)]).toEqual(sorted.slice(0, n));
      const place = (n % values.length) + 1;
      expect(nthLowest(ranks, place)).toBe(ranks[sorted[place - 1]!]);
    }));
  });

  it("of two lists are merged, ties by row", async () => {
    const list = (rows: number[], ranks: number[]) => {
      const first = (count: number): Promise<Scored> => Promise.resolve({
        rows: Uint32Array.from(rows.slice(0, count)), ranks: Float64Array.from(ranks.slice(0, count)), shares: new Float64Array(Math.min(count, rows.length)),
      });
      return { length: rows.length, rows: () => Promise.resolve(Uint32Array.from(rows)), first };
    };
    const both = merged(list([4, 1], [-2, -1]), list([0, 2], [-2, -1]), 10);
    expect([...(await both.first(3)).rows]).toEqual([4, 10, 1]);
    expect([...(await merged(list([4], [-2]), list([0], [-2])).first(2)).rows]).toEqual([0, 4]);
  });
});
