/** Full text in the browser's code against SQLite's own answers from Python (tests/golden/site-tiny.json). */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { Catalog, isExpression, plainText, planWords, quotedQuery, SyntaxProblem } from "../../web_assets/src/catalog";
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

describe("what people type", () => {
  const find = (text: string, typing = false) => {
    const { strict, loose } = planWords(text, columns, typing);
    return { strict: strict ? [...catalog.match(strict).rows] : [], loose: loose ? [...catalog.match(loose).rows] : [] };
  };

  it("is never a syntax error unless it is meant as syntax", () => {
    for (const text of ["don't", "c++", "8k,", "a-b", "what? (this)", "50% & more", "title: x;", "-x", "~", "😀", "\u0000", "a:b"]) {
      const plan = planWords(text, columns);
      if (!plan.expression && plan.strict) expect(() => catalog.match(plan.strict!), text).not.toThrow();
    }
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 30 }), fc.boolean(), (text, typing) => {
      const plan = planWords(text, columns, typing);
      if (plan.expression) return;
      for (const expression of [plan.strict, plan.loose, plan.highlight, quotedQuery(text)]) {
        if (expression) catalog.match(expression);
      }
    }), { numRuns: 300 });
  });

  it("asks for all words first and then for any", () => {
    const { strict, loose } = find("two cats at night");
    expect(strict).toEqual([]);
    expect(loose).toContain(20);
    expect(loose).toContain(5);
    expect(find("two cats").strict).toEqual([20]);
  });

  it("drops stop words unless there is nothing else", () => {
    expect(planWords("a cat on the roof", columns).strict).toBe('"cat" AND "roof"');
    expect(planWords("the", columns).strict).toBe('"the"');
  });

  it("takes the last word as a beginning only while typing", () => {
    expect(find("lightho").strict).toEqual([]);
    expect(find("lightho", true).strict.sort((a, b) => a - b)).toEqual([9, 20]);
    expect(find("lightho ", true).strict).toEqual([]);
    expect(find("old lightho", true).strict).toEqual([9]);
  });

  it("ranks the word itself before its continuations", () => {
    expect(find("win", true).strict.length).toBeGreaterThan(0);
    const whole = find("winter").strict;
    expect(find("winter", true).strict.slice(0, 1)).toEqual(whole.slice(0, 1));
  });

  it("finds Chinese and Japanese inside runs of characters", () => {
    expect(find("猫").strict).toContain(2);
    expect(find("犬").strict).toEqual([2]);
    expect(find("北京").strict).toContain(5);
  });

  it("is an expression only where it has syntax", () => {
    for (const text of ['"red car"', "cat AND dog", "cat OR dog", "cat NOT dog", "ca*", "^cat", "NEAR(a b, 3)", "title:cat", "title : cat", "-tags:cat", "(cat OR dog)"]) {
      expect(isExpression(text, columns), text).toBe(true);
    }
    for (const text of ["cat and dog", "AND", "camera:canon", "a - b", "5 * 3", "c++", "what about this?", "NOT", "cat (dog)", "12:30"]) {
      expect(isExpression(text, columns), text).toBe(false);
    }
  });

  it("suggests a query that is valid", () => {
    for (const text of ['5" screen', "(cat AND", '"', "title:", "^^ cat NOT dog"]) {
      const suggestion = quotedQuery(text);
      if (suggestion) expect(() => catalog.match(suggestion), text).not.toThrow();
    }
    expect(quotedQuery('"red car AND')).toBe('"red" "car"');
  });

  it("has a meaning without its syntax", () => {
    expect(plainText('"red car" NOT truck', columns)).toBe("red car");
    expect(plainText("(cat OR dog) NOT (big dog) AND sleep*", columns)).toBe("cat dog sleep");
    expect(plainText("NEAR(old lighthouse, 5)", columns)).toBe("old lighthouse");
    expect(plainText("title:winter", columns)).toBe("winter");
    expect(plainText("  a red  car ", columns)).toBe("a red car");
  });
});

describe("highlight", () => {
  const texts = (title: string) => ["", title, "", ""];
  const mark = (title: string, text: string) => catalog.highlight(texts(title), planWords(text, columns).highlight!)[1];

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
