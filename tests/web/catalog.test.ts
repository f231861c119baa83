/** Full text in the browser's code against SQLite's own answers from Python (tests/golden/site-tiny.json). */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { SyntaxProblem, type TermsText } from "../../web_assets/src/catalog";
import { highlightExpression, planText } from "../../web_assets/src/engine/plan";
import { parse, plainWords } from "../../web_assets/src/engine/query";
import { EMOJI_SEQUENCE } from "../../web_assets/src/base/emoji";
import { analyze, analyzeQuery, locate, terms } from "../../web_assets/src/catalog/analysis";
import { fold } from "../../web_assets/src/base/folding";
import type { Manifest } from "../../web_assets/src/format";
import { golden, json } from "./support/files";
import { openText } from "./support/text";

interface Golden {
  fts: { query: string; fts: string; results: { row: number; bm25: number }[] }[];
}

const folder = `${golden}/site-tiny`;
const manifest = json<Manifest>(folder, "manifest.json");
const expected = json<Golden>(golden, "site-tiny.json");
const { columns } = manifest.catalog;
let catalog: TermsText;

beforeAll(() => { catalog = openText(folder); });

describe("texts and queries", () => {
  const cases = json<{
    fold: { text: string; folded: string }[];
    text: { value: string | string[]; stored: string }[];
    query: { query: string; asked: string }[];
  }>(golden, "texts.json");

  it.each(expected.fts)("$query is prepared as in Python", ({ query, fts }) => {
    expect(analyzeQuery(query)).toBe(fts);
  });

  it.each(cases.fold)("$text is folded", ({ text, folded }) => {
    for (const form of ["NFC", "NFD"]) expect(fold(text.normalize(form))).toBe(folded);
  });

  it.each(cases.text)("$value is stored", ({ value, stored }) => {
    expect(analyze(typeof value === "string" ? value : value.join(", "))).toBe(stored);
  });

  it.each(cases.query)("$query is asked", ({ query, asked }) => {
    expect(analyzeQuery(query)).toBe(asked);
  });

  it("finds the terms of a text again, with their places", () => {
    expect("a🐱👍🏽❤️b👩‍🚀🇩🇪🇫🇷 1️⃣".match(EMOJI_SEQUENCE)).toEqual(["🐱", "👍🏽", "❤️", "👩‍🚀", "🇩🇪", "🇫🇷"]);
    const words = fc.constantFrom("Tromsø", "ёлка", "한", "ᄒ", "ᅡ", "ᆫ", "ｶﾞ", "e\u0301", " ", "猫", "ไ", "ี", "🐱", "👍🏽", "DSC01235", "ﬁ", "½", "ΣΑΣ");
    fc.assert(fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.array(words).map((parts) => parts.join(""))), (text) => {
      expect(fold(fold(text))).toBe(fold(text));
      expect(analyze(text).startsWith(terms(text))).toBe(true);
      const { stored, starts, ends } = locate(text);
      expect([starts.length, ends.length]).toEqual([stored.length, stored.length]);
    }));
    fc.assert(fc.property(fc.array(words), (parts) => {
      const plain = (stored: string) => stored.split(" ").filter(Boolean).join(" ");
      expect(plain(locate(parts.join("")).stored).startsWith(plain(terms(parts.join(""))))).toBe(true);
    }));
  });
});

describe("match", () => {
  it.each(expected.fts)("$query", async ({ query, results }) => {
    const order = [...results].sort((a, b) => a.bm25 - b.bm25 || a.row - b.row).map(({ row }) => row);
    expect([...(await catalog.match(query)).rows]).toEqual(order);
    expect([...(await catalog.match(query)).rows]).toEqual(order);
  });

  it.each(['"', "a AND", "(", "nocolumn : x", "NEAR(", "^", "*", "a-b", "c++", "don't", ""])("says that %j is not an expression", async (query) => {
    await expect(catalog.match(query)).rejects.toThrow(SyntaxProblem);
    await expect(catalog.countPhrases(query)).rejects.toThrow(SyntaxProblem);
  });

  it("still works after an error", async () => {
    await expect(catalog.match("(")).rejects.toThrow(SyntaxProblem);
    expect([...(await catalog.match("lighthouse")).rows].sort((a, b) => a - b)).toEqual([9, 20]);
  });
});

const plan = (text: string) => planText(parse(text), [], columns);

describe("typed text", () => {
  const find = async (text: string) => {
    const { strict, loose } = plan(text);
    const rows = async (expression: string | null) => (expression ? [...(await catalog.match(expression)).rows] : []);
    return { strict: await rows(strict), loose: await rows(loose) };
  };

  it("is never a syntax error unless it uses FTS5 syntax", async () => {
    const check = async (text: string) => {
      const { query, strict, loose, required, forbidden } = plan(text);
      const suggestion = planText(parse(plainWords(text)), [], columns);
      expect(suggestion.query.match).toBeNull();
      if (query.match !== null) return;
      for (const expression of [strict, loose, ...required, ...forbidden, suggestion.strict, highlightExpression(plan(text))]) {
        if (expression) await expect(catalog.match(expression), text).resolves.toBeDefined();
      }
    };
    for (const text of ["don't", "c++", "8k,", "a-b", "what? (this)", "50% & more", "title: x;", "-x", "~", "😀", "\u0000", "a:b", '5" screen', '"red car AND']) await check(text);
    await fc.assert(fc.asyncProperty(fc.string({ unit: "binary", maxLength: 30 }), check), { numRuns: 300 });
  });

  it("is searched for all words first and then for any", async () => {
    const { strict, loose } = await find("two cats at night");
    expect(strict).toEqual([]);
    expect(loose).toContain(20);
    expect(loose).toContain(5);
    expect((await find("two cats")).strict).toEqual([20]);
  });

  it("is searched without stop words unless there is nothing else", () => {
    expect(plan("a cat on the roof").strict).toBe('"cat" AND "roof"');
    expect(plan("the").strict).toBe('"the"');
  });

  it("finds Chinese and Japanese inside runs of characters", async () => {
    expect((await find("猫")).strict).toContain(2);
    expect((await find("犬")).strict).toEqual([2]);
    expect((await find("北京")).strict).toContain(5);
  });

  it("suggests the words without the syntax", () => {
    expect(plainWords('"red car AND')).toBe("red car");
    expect(plainWords("(cat OR ^dog*) NOT NEAR(a b, 3)")).toBe("cat dog a b, 3");
  });
});

describe("highlight", () => {
  const texts = (title: string) => ["", title, "", ""];
  const mark = async (title: string, text: string) => (await catalog.highlight(texts(title), highlightExpression(plan(text))!))[1];

  it("cuts a text at its matched words", async () => {
    expect(await mark("Cats running; a cat sleeping", "cat")).toEqual(["", "Cats", " running; a ", "cat", " sleeping"]);
    expect(await mark("Café crème", "creme")).toEqual(["Café ", "crème"]);
    expect(await mark("nothing of it", "cat")).toEqual(["nothing of it"]);
    expect(await mark("Harbour of Tromsø\u0301", "tromso")).toEqual(["Harbour of ", "Tromsø\u0301"]);
    expect(await mark("Новогодняя ёлка", "елка")).toEqual(["Новогодняя ", "ёлка"]);
    expect(await mark("한글 사진".normalize("NFD"), "한글")).toEqual(["", "한글".normalize("NFD"), " 사진".normalize("NFD")]);
    expect(await mark("I ❤️ cats", "❤")).toEqual(["I ", "❤️", " cats"]);
    expect(await mark("see DSC01235.jpg", "1235")).toEqual(["see ", "DSC01235", ".jpg"]);
  });

  it("does not change the text", async () => {
    expect(await mark("猫と犬が走る", "犬")).toEqual(["猫と", "犬", "が走る"]);
    expect(await mark("猫 と 犬", "猫")).toEqual(["", "猫", " と 犬"]);
    expect(await mark("北京 skyline", "北京")).toEqual(["", "北京", " skyline"]);
    await fc.assert(fc.asyncProperty(fc.array(fc.constantFrom("cat", " ", "  ", "猫", "犬", "x", "\n", "é", "😀", "<b>"), { maxLength: 12 }), async (parts) => {
      const title = parts.join("");
      expect((await mark(title, "cat 猫"))!.join("")).toBe(title);
    }));
  });

  it("is not confused by marks in the text", async () => {
    expect(await mark("a \u{f0000}cat\u{f0001} dog", "dog")).toEqual(["a \u{f0000}cat\u{f0001} ", "dog"]);
  });
});
