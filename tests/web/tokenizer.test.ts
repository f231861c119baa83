/** The tokenizer in TypeScript against what SQLite's own gives (tests/golden/tokens.json.gz). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tokenize } from "../../web_assets/src/catalog/tokenizer";
import { decoded, golden } from "./support/files";

const expected = JSON.parse(new TextDecoder().decode(decoded(golden, "tokens.json.gz"))) as {
  separators: [first: number, last: number][];
  lower: [code: number, lower: number][];
  words: string[][];
};
const LAST = 0x10ffff;

describe("characters", () => {
  it("separate or form tokens as in SQLite, every one of them", () => {
    const separates = new Uint8Array(LAST + 1);
    for (const [first, last] of expected.separators) separates.fill(1, first, last + 1);
    const lower = new Map(expected.lower);
    const wrong: number[] = [];
    for (let first = 0; first <= LAST; first += 4096) {
      const codes = Array.from({ length: 4096 }, (_, i) => first + i).filter((code) => code < 0xd800 || code >= 0xe000);
      const found = tokenize(codes.map((code) => String.fromCodePoint(code)).join(" ")).map(({ term }) => term);
      const terms = codes.filter((code) => !separates[code]).map((code) => String.fromCodePoint(lower.get(code) ?? code));
      if (found.join(" ") !== terms.join(" ")) wrong.push(first);
    }
    expect(wrong).toEqual([]);
    expect(expected.lower.length).toBeGreaterThan(1000);
  });
});

describe("words", () => {
  it("have the same tokens as in SQLite", () => {
    const wrong = expected.words.filter(([word, ...terms]) => tokenize(word!).map(({ term }) => term).join(" ") !== terms.join(" "));
    expect(wrong.slice(0, 20)).toEqual([]);
    expect(expected.words.length).toBeGreaterThan(20_000);
  });

  it("keep their places in a text", () => {
    expect(tokenize("Cats, running – Zürich!")).toEqual([
      { term: "cat", start: 0, end: 4 }, { term: "run", start: 6, end: 13 }, { term: "zürich", start: 16, end: 22 },
    ]);
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
      let end = 0;
      for (const token of tokenize(text)) {
        expect(token.start).toBeGreaterThanOrEqual(end);
        expect(token.end).toBeGreaterThan(token.start);
        end = token.end;
      }
      expect(end).toBeLessThanOrEqual(text.length);
    }));
  });
});
