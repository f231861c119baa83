/** Corrections agree with those of Python (tests/golden/corrections.json), and mostly find the word that was meant. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { Engine, type Mode } from "../../web_assets/src/engine";
import { correct, type Finds } from "../../web_assets/src/engine/suggest/correct";
import { Lexicon } from "../../web_assets/src/engine/suggest/lexicon";
import { pluralKey } from "../../web_assets/src/engine/suggest/plurals";
import { within } from "../../web_assets/src/engine/suggest/spelling";
import { fold } from "../../web_assets/src/engine/query";
import { bytes, golden, json } from "./support/files";
import { assets, BASE } from "./support/site";

type Counted = [word: string, count: number];
type Case = [typed: string, meant: string | null, origin: string, found: string[]];

const answers = json<{
  words: Counted[]; cases: Case[]; plurals: [string, string][]; small: Counted[]; captions: string[];
  queries: [text: string, words: string[], corrected: string | null][];
  site: [text: string, mode: Mode, corrected: string | null][];
}>(golden, "corrections.json");
const lexiconOf = (words: Counted[]) => new Lexicon(words.map(([word]) => word), words.map(([, count]) => count));
const lexicon = lexiconOf(answers.words);
const found = await Promise.all(answers.cases.map(async ([typed]) => (await lexicon.near(typed, 3)).map(({ word }) => word)));

describe("corrections", () => {
  it("are those of Python", () => {
    expect(found).toEqual(answers.cases.map((one) => one[3]));
    expect(answers.plurals.map(([word]) => pluralKey(word))).toEqual(answers.plurals.map(([, key]) => key));
  });

  it("begin with the word that was meant", () => {
    const misspelled = answers.cases.map((one, i) => ({ one, first: found[i]![0] })).filter(({ one }) => one[1] !== null);
    const hits = misspelled.filter(({ one, first }) => first !== undefined && pluralKey(fold(first)) === pluralKey(fold(one[1]!)));
    expect(misspelled.length).toBeGreaterThanOrEqual(200);
    expect(hits.length / misspelled.length).toBeGreaterThanOrEqual(0.95);
  });

  it("leave words alone that are spelled correctly", async () => {
    const known = {
      occurs: () => Promise.resolve(false), collection: lexicon, model: () => Promise.resolve(null),
      spelled: () => Promise.resolve(false), finds: () => Promise.resolve<Finds>("all"),
    };
    for (const [word] of answers.words) expect(await correct(word, [word], known)).toBeNull();
  });

  it("of whole queries are those of Python", async () => {
    const has = (caption: string, word: string) => {
      const wanted = pluralKey(fold(word.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, "")));
      return caption.split(" ").some((other) => pluralKey(fold(other)) === wanted);
    };
    const finds = (text: string): Finds => {
      const words = text.split(" ").filter((word) => !/["":]|^-|^(?:an|OR|of|the)$/.test(word)).map((word) => word.replace(/^2\*/, ""));
      const having = answers.captions.map((caption) => words.map((word) => has(caption, word)));
      if (having.some((all) => all.every(Boolean))) return "all";
      return having.some((all) => all.some(Boolean)) ? "some" : "none";
    };
    const known = {
      occurs: (word: string) => Promise.resolve(answers.captions.some((caption) => has(caption, word))),
      collection: lexiconOf(answers.small), model: () => Promise.resolve(null), spelled: () => Promise.resolve(false),
      finds: (text: string) => Promise.resolve(finds(text)),
    };
    const corrected = await Promise.all(answers.queries.map(async ([text, words]) => (await correct(text, words, known))?.text ?? null));
    expect(corrected).toEqual(answers.queries.map(([, , text]) => text));
  });
});

describe("an engine", () => {
  const serve: typeof fetch = (input) => {
    const path = join(golden, "site-queries", decodeURIComponent(String(input).slice(BASE.length)));
    return Promise.resolve(existsSync(path) ? new Response(bytes(path)) : new Response(null, { status: 404 }));
  };

  it("corrects the queries of a site as Python does", async () => {
    const engine = await Engine.open(BASE, { fetch: serve, assets });
    await engine.warm();
    const corrected: typeof answers.site = [];
    for (const [text, mode] of answers.site) corrected.push([text, mode, (await engine.correct(text, mode))?.text ?? null]);
    expect(corrected).toEqual(answers.site);
    await engine.close();
  });
});

describe("the cost of an error", () => {
  const cost = (typed: string, word: string) => within(typed, [word], 1000)[0]![1];

  it("is small for spellings of one sound, silent and doubled letters", () => {
    expect([cost("elefant", "elephant"), cost("yelow", "yellow"), cost("ritm", "rhythm"), cost("strase", "strasse")]).toEqual([2, 2, 6, 2]);
    expect([cost("elefant", "elegant"), cost("elexant", "elegant"), cost("hosre", "horse"), cost("kastle", "castle")]).toEqual([3, 4, 4, 3]);
    expect([cost("same", "same"), cost("", "ab")]).toEqual([0, 9]);
  });

  it("depends neither on the other words of a list nor on the limit", () => {
    const words = [...new Set(answers.words.map(([word]) => fold(word)))].sort();
    for (const typed of ["elefant", "fotograf", "kristmas", "bycicle", "собакка", "a"]) {
      const alone = words.map((word, place): [number, number] => [place, cost(typed, word)]);
      for (const limit of [2, 5, 10, 14]) expect(within(typed, words, limit)).toEqual(alone.filter(([, value]) => value <= limit));
    }
  });
});
