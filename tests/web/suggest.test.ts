/** Completions and corrections, with the words of the golden site and with words made for the tests. */
import { describe, expect, it } from "vitest";

import { Engine, type Suggestion } from "../../web_assets/src/engine";
import { Lexicon } from "../../web_assets/src/engine/suggest/lexicon";
import { correct, type Known } from "../../web_assets/src/engine/suggest/correct";
import { FormatError, readWords } from "../../web_assets/src/format";
import { decoded, golden, json } from "./support/files";
import { assets, BASE, serveTiny } from "./support/site";

const expected = json<{ words: [string, number][] }>(golden, "site-tiny.json").words;
const open = async (server = serveTiny()) => await Engine.open(BASE, { fetch: server.fetch, assets });
const shown = (suggestions: Suggestion[]) => suggestions.map((suggestion) => suggestion.shown);

describe("the words of a site", () => {
  it("are the ones that Python wrote", () => {
    const { file } = serveTiny().manifest.suggestions!;
    const { words, counts } = readWords(decoded(golden, "site-tiny", file.path));
    expect(words.map((word, i) => [word, counts[i]])).toEqual(expected);
  });

  it("are refused if they are damaged", () => {
    const { file } = serveTiny().manifest.suggestions!;
    const content = decoded(golden, "site-tiny", file.path);
    expect(() => readWords(content.subarray(0, content.length - 8))).toThrow(FormatError);
  });
});

describe("a lexicon", () => {
  const lexicon = new Lexicon(["dog", "München", "mountain", "dogs", "mount", "river", "rivet"], [9, 5, 4, 3, 2, 2, 1]);

  it("completes words ignoring case and accents, the most frequent first", () => {
    expect(lexicon.completions("MUN", 5)).toEqual([{ word: "München", count: 5 }]);
    expect(lexicon.completions("mount", 5)).toEqual([{ word: "mountain", count: 4 }]);
    expect(new Lexicon(["собака", "Ёлка"], [3, 2]).completions("ел", 5)).toEqual([{ word: "Ёлка", count: 2 }]);
  });

  it("offers singular and plural once, in the more frequent form and with both counts", () => {
    expect(lexicon.completions("d", 5)).toEqual([{ word: "dog", count: 12 }]);
    // The more frequent form is already typed.
    expect(lexicon.completions("dog", 5)).toEqual([]);
    const boxes = new Lexicon(["boxes", "city", "cities", "box", "citizen", "boxer"], [9, 8, 7, 6, 5, 1]);
    expect(boxes.completions("box", 5)).toEqual([{ word: "boxes", count: 15 }, { word: "boxer", count: 1 }]);
    expect(boxes.completions("cit", 5)).toEqual([{ word: "city", count: 15 }, { word: "citizen", count: 5 }]);
    expect(boxes.completions("citi", 1)).toEqual([{ word: "cities", count: 15 }]);
  });

  it("finds the word that was meant, and the more frequent of two", async () => {
    const first = async (word: string) => (await lexicon.near(word, 1))[0]?.word ?? null;
    expect(await Promise.all(["montain", "rivre", "rivex", "dogz", "munchn"].map(first))).toEqual(["mountain", "river", "river", "dog", "München"]);
    expect(await Promise.all(["elephant", "dgo", "ri", ""].map(first))).toEqual([null, null, null, null]);
    const large = new Lexicon(Array.from({ length: 20_000 }, (_, i) => `elefan${i.toString(26).replace(/[0-9]/g, "t")}`));
    expect(await Promise.all(["e".repeat(10_000), "elefan".repeat(1600)].map((word) => large.near(word, 1)))).toEqual([[], []]);
  });
});

describe("corrections", () => {
  const known: Known = {
    occurs: (word: string) => Promise.resolve(word.startsWith("walk")),
    collection: new Lexicon(["jacket", "woman", "castle"], [3, 2, 1]),
    model: () => Promise.resolve(new Lexicon(["zebra", "women", "jackets", "cattle"])),
    spelled: (word: string) => Promise.resolve(word === "jacked"),
    finds: () => Promise.resolve("all"),
  };
  const text = async (query: string, words = query.split(" ")) => (await correct(query, words, known))?.text ?? null;

  it("do not change known words of the texts or of the model", async () => {
    expect(await text("walking woman zebra")).toBeNull();
    expect(await text("x 2019 b2b")).toBeNull();
  });

  it("do not change a correctly spelled word that is in no list but similar to a listed one", async () => {
    expect(await text("jacked")).toBeNull();
    expect(await text("jacked jakcet")).toBe("jacked jacket");
    expect(await correct("jacked", ["jacked"], { ...known, spelled: () => Promise.resolve(false) })).not.toBeNull();
  });

  it("prefer words of the collection to those of the model", async () => {
    expect(await text("jakcet")).toBe("jacket");
    expect(await text("zebar")).toBe("zebra");
    expect(await text("catsle")).toBe("castle");
  });

  it("change only unknown words, and keep the query's punctuation", async () => {
    expect(await text('2*jackt - "womin" tag:x', ["jackt", "womin"])).toBe('2*jacket - "woman" tag:x');
    expect((await correct("jackt jackt", ["jackt"], known))?.changes).toEqual([{ from: "jackt", to: "jacket" }]);
  });

  it("do not load the model's words if every word is known", async () => {
    const never = { ...known, model: () => Promise.reject(new Error("asked")) };
    expect(await correct("walking jacket", ["walking", "jacket"], never)).toBeNull();
  });

  it("are never queries without results", async () => {
    const asked: string[] = [];
    const finds = (query: string) => (asked.push(query), Promise.resolve("none" as const));
    expect(await correct("jakcet wonan", ["jakcet", "wonan"], { ...known, finds })).toBeNull();
    expect(asked[0]).toBe("jacket woman");
  });

  it("ask for a bounded number of queries", async () => {
    const words = Array.from({ length: 100 }, (_, i) => `jack${String.fromCharCode(97 + i % 26).repeat(1 + i / 26)}t`);
    let asked = 0;
    const finds = () => (asked++, Promise.resolve("none" as const));
    const some = { ...known, finds, collection: new Lexicon(["jacket", "jackpot", "jackal", "racket"], [3, 2, 2, 2]) };
    expect(await correct(words.join(" "), words, some)).toBeNull();
    expect(asked).toBeLessThanOrEqual(27);
  });
});

describe("an engine", () => {
  it("completes the last word of a query", async () => {
    const engine = await open();
    expect(shown(await engine.suggest("win"))).toContain("winter");
    const [first] = await engine.suggest("dog and zur");
    expect(first).toMatchObject({ kind: "word", text: "dog and zürich ", shown: "dog and zürich", count: 6 });
    expect(await engine.suggest("2*win")).toMatchObject([{ text: "2*winter " }]);
    expect(shown(await engine.suggest("th"))).not.toContain("the");
    expect(await engine.suggest("xyzzy")).toEqual([]);
  });

  it("completes values of fields, with quotes if necessary", async () => {
    const engine = await open();
    const places = await engine.suggest("place:");
    expect(places.length).toBeGreaterThan(1);
    expect(places.every(({ kind, field }) => kind === "value" && field === "Place")).toBe(true);
    expect(await engine.suggest("dog -place:zur")).toMatchObject([{ kind: "value", text: "dog -place:Zürich ", shown: "Zürich" }]);
    for (const typed of ['place:"são p', "place:“São P", "place：sao"]) {
      expect(await engine.suggest(`dog ${typed}`), typed).toMatchObject([{ text: 'dog place:"São Paulo" ' }]);
    }
    expect(await engine.suggest('place:"São Paulo"')).toEqual([]);
    const sao = await engine.suggest("place:sao");
    expect(sao[0]?.text).toBe('place:"São Paulo" ');
    expect(await engine.suggest("rating:1")).toEqual([]);
    expect(await engine.suggest("nothing:here")).toEqual([]);
  });

  it("offers values that begin with the query", async () => {
    const engine = await open();
    expect((await engine.suggest("são p")).find(({ kind }) => kind === "value")).toMatchObject({ text: 'place:"São Paulo" ', field: "Place" });
  });

  it("fetches the words once, before they are needed", async () => {
    const server = serveTiny();
    const engine = await open(server);
    expect(await engine.suggest("  ")).toEqual([]);
    await engine.suggest("win");
    expect(server.asked.filter((path) => path.includes("words"))).toHaveLength(1);
  });

  it("corrects against texts and words", async () => {
    const engine = await open();
    expect(await engine.correct("wintre dog")).toEqual({ text: "winter dog", changes: [{ from: "wintre", to: "winter" }] });
    // Stems count: full text finds "dogs" if a text has "dog".
    expect(await engine.correct("winters dogs")).toBeNull();
    expect(await engine.correct("")).toBeNull();
    expect(await engine.correct("wintre AND (")).toMatchObject({ changes: [{ from: "wintre", to: "winter" }] });
    expect(await engine.correct("wintre", "words")).toMatchObject({ text: "winter" });
  });

  it("proposes no query that finds nothing", async () => {
    const engine = await open();
    expect(await engine.correct("wintre place:nowhere")).toBeNull();
    expect(await engine.correct('wintre "no such phrase"', "words")).toBeNull();
    expect(await engine.correct("wintre -place:nowhere")).toMatchObject({ text: "winter -place:nowhere" });
  });

  it("works without words if the site has none", async () => {
    const engine = await open(serveTiny({ change: (manifest) => { manifest.suggestions = null; } }));
    expect((await engine.suggest("win")).map(({ kind }) => kind)).toEqual(["value"]);
    expect(await engine.correct("wintre")).toBeNull();
  });
});
