/** Full text in the browser's code against SQLite's own answers from Python (tests/golden/site-tiny.json). */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { Catalog, SyntaxProblem } from "../../web_assets/src/catalog";
import { highlightExpression, parse, plainWords, planQuery } from "../../web_assets/src/engine/query";
import { spaceCjk, spaceCjkQuery } from "../../web_assets/src/catalog/cjk";
import type { Manifest } from "../../web_assets/src/format";
import { decoded, golden, json, sqliteWasm } from "./support/files";

interface Golden {
  fts: { query: string; fts: string; results: { row: number; bm25: number }[] }[];
}

const folder = `${golden}/site-tiny`;
const manifest = json<Manifest>(folder, "manifest.json");
const expected = json<Golden>(golden, "site-tiny.json");
const { columns, tokenize } = manifest.catalog;
let catalog: Catalog;

beforeAll(async () => {
  catalog = await Catalog.open({ sqlite: sqliteWasm, file: decoded(folder, manifest.catalog.file.path), columns, tokenize });
});

describe("CJK", () => {
  it.each(expected.fts)("$query is spaced as Python does it", ({ query, fts }) => {
    expect(spaceCjkQuery(query)).toBe(fts);
  });

  it("agrees with the golden cases", () => {
    const cases = json<{ text: { value: unknown; stored: string }[]; query: { query: string; asked: string }[] }>(golden, "cjk.json");
    for (const { value, stored } of cases.text) if (typeof value === "string") expect(spaceCjk(value)).toBe(stored);
    for (const { query, asked } of cases.query) expect(spaceCjkQuery(query)).toBe(asked);
  });

  it("puts spaces around characters, once, and nothing else", () => {
    expect(spaceCjk("猫と犬が  x 走る")).toBe("猫 と 犬 が x 走 る");
    expect(spaceCjk("plain  text ")).toBe("plain  text ");
    expect(spaceCjkQuery('東京* OR title:東京 "ab京c"')).toBe('"東 京"* OR title:"東 京" "ab 京 c"');
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(spaceCjk(text).replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
      expect(spaceCjk(spaceCjk(text))).toBe(spaceCjk(text));
    }));
  });
});

describe("match", () => {
  it.each(expected.fts)("$query", ({ query, results }) => {
    const order = [...results].sort((a, b) => a.bm25 - b.bm25 || a.row - b.row).map(({ row }) => row);
    expect([...catalog.match(query).rows]).toEqual(order);
    expect([...catalog.match(query).rows]).toEqual(order);
  });

  it.each(['"', "a AND", "(", "nocolumn : x", "NEAR(", "^", "*", "a-b", "c++", "don't", ""])("says that %j is no expression", (query) => {
    expect(() => catalog.match(query)).toThrow(SyntaxProblem);
  });

  it("goes on after an error", () => {
    expect(() => catalog.match("(")).toThrow(SyntaxProblem);
    expect([...catalog.match("lighthouse").rows].sort((a, b) => a - b)).toEqual([9, 20]);
  });
});

const plan = (text: string) => planQuery(parse(text), [], columns);

describe("what people type", () => {
  const find = (text: string) => {
    const { strict, loose } = plan(text);
    return { strict: strict ? [...catalog.match(strict).rows] : [], loose: loose ? [...catalog.match(loose).rows] : [] };
  };

  it("is never a syntax error unless it is meant as syntax", () => {
    const check = (text: string) => {
      const { query, strict, loose, required, forbidden } = plan(text);
      const suggestion = planQuery(parse(plainWords(text)), [], columns);
      expect(suggestion.query.match).toBeNull();
      if (query.match !== null) return;
      for (const expression of [strict, loose, ...required, ...forbidden, suggestion.strict, highlightExpression(plan(text))]) {
        if (expression) expect(() => catalog.match(expression), text).not.toThrow();
      }
    };
    ["don't", "c++", "8k,", "a-b", "what? (this)", "50% & more", "title: x;", "-x", "~", "😀", "\u0000", "a:b", '5" screen', '"red car AND'].forEach(check);
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 30 }), check), { numRuns: 300 });
  });

  it("asks for all words first and then for any", () => {
    const { strict, loose } = find("two cats at night");
    expect(strict).toEqual([]);
    expect(loose).toContain(20);
    expect(loose).toContain(5);
    expect(find("two cats").strict).toEqual([20]);
  });

  it("drops stop words unless there is nothing else", () => {
    expect(plan("a cat on the roof").strict).toBe('"cat" AND "roof"');
    expect(plan("the").strict).toBe('"the"');
  });

  it("finds Chinese and Japanese inside runs of characters", () => {
    expect(find("猫").strict).toContain(2);
    expect(find("犬").strict).toEqual([2]);
    expect(find("北京").strict).toContain(5);
  });

  it("suggests the words without the syntax", () => {
    expect(plainWords('"red car AND')).toBe("red car");
    expect(plainWords("(cat OR ^dog*) NOT NEAR(a b, 3)")).toBe("cat dog a b, 3");
  });
});

describe("highlight", () => {
  const texts = (title: string) => ["", title, "", ""];
  const mark = (title: string, text: string) => catalog.highlight(texts(title), highlightExpression(plan(text))!)[1];

  it("cuts a text at its matched words", () => {
    expect(mark("Cats running; a cat sleeping", "cat")).toEqual(["", "Cats", " running; a ", "cat", " sleeping"]);
    expect(mark("Café crème", "creme")).toEqual(["Café ", "crème"]);
    expect(mark("nothing of it", "cat")).toEqual(["nothing of it"]);
  });

  it("gives the text back as it was", () => {
    expect(mark("猫と犬が走る", "犬")).toEqual(["猫と", "犬", "が走る"]);
    expect(mark("猫 と 犬", "猫")).toEqual(["", "猫", " と 犬"]);
    expect(mark("北京 skyline", "北京")).toEqual(["", "北京", " skyline"]);
    fc.assert(fc.property(fc.array(fc.constantFrom("cat", " ", "  ", "猫", "犬", "x", "\n", "é", "😀", "<b>"), { maxLength: 12 }), (parts) => {
      const title = parts.join("");
      expect(mark(title, "cat 猫")!.join("")).toBe(title);
    }));
  });

  it("does not take marks in the text for its own", () => {
    expect(mark("a \u{f0000}cat\u{f0001}", "dog")!.join("")).not.toContain("\u{f0000}");
  });
});

describe("open", () => {
  it("refuses what is no catalog", async () => {
    const open = (file: Uint8Array, names = columns) => Catalog.open({ sqlite: sqliteWasm, file, columns: names, tokenize });
    await expect(open(new Uint8Array(4096))).rejects.toThrow("catalog");
    await expect(open(decoded(folder, manifest.catalog.file.path).slice(0, 5000))).rejects.toThrow();
    await expect(open(decoded(folder, manifest.catalog.file.path), ["other"])).rejects.toThrow("columns");
    await expect(open(decoded(folder, manifest.catalog.file.path), ['x"; drop table fts'])).rejects.toThrow("column names");
  });
});

describe("append", () => {
  it("makes rows like any other, and takes them out without a trace", async () => {
    const fresh = await Catalog.open({ sqlite: sqliteWasm, file: decoded(folder, manifest.catalog.file.path), columns, tokenize });
    const first = manifest.collection.count;
    const texts = (...words: string[]) => columns.map((_, i) => words[i] ?? "");
    const words = ["cat", "zebra", "猫", "tags : cat"];
    const before = words.map((word) => [...fresh.match(word).rows]);
    fresh.append(first, [texts("Zebra 猫 crossing"), texts("", "zebras")]);
    expect([...fresh.match("zebra").rows].sort()).toEqual([first, first + 1]);
    expect([...fresh.having('"猫"')]).toContain(first);
    // Changed, and one fewer: the others stay.
    fresh.append(first, [texts("Giraffe")]);
    expect([...fresh.match("zebra").rows]).toEqual([]);
    expect([...fresh.match("giraffes").rows]).toEqual([first]);
    fresh.append(first, []);
    expect(words.map((word) => [...fresh.match(word).rows])).toEqual(before);
    fresh.close();
  });

  it("counts in bm25 as rows of the file do", async () => {
    const file = () => Catalog.open({ sqlite: sqliteWasm, file: decoded(folder, manifest.catalog.file.path), columns, tokenize });
    const [one, many] = await Promise.all([file(), file()]);
    const first = manifest.collection.count;
    const texts = (name: string) => columns.map((_, i) => (i ? "" : name));
    one.append(first, [texts("lantern"), texts("lantern by the long old harbour wall")]);
    // The shorter text is the better match, whatever the order of their coming.
    expect([...one.match("lantern").rows]).toEqual([first, first + 1]);
    many.append(first, [texts("lantern by the long old harbour wall"), texts("lantern")]);
    expect([...many.match("lantern").rows]).toEqual([first + 1, first]);
    one.close();
    many.close();
  });
});
