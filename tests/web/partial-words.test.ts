/** Plain words over a site with a damaged file of full text: the other words answer, a notice says so, and nothing of it is remembered. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TermsText } from "../../web_assets/src/catalog";
import type { Engine, SearchResponse } from "../../web_assets/src/engine";
import { missingNotice } from "../../web_assets/src/engine/partial-words";
import { planText } from "../../web_assets/src/engine/plan";
import { parse } from "../../web_assets/src/engine/query";
import { searchWords } from "../../web_assets/src/engine/words-arm";
import { FormatError, LoadError, type Manifest } from "../../web_assets/src/format";
import { answer } from "../../web_assets/src/http/api";
import { State } from "../../web_assets/src/http/state";
import { bytes, golden, json } from "./support/files";
import { open, rowsOf } from "./support/engine";
import { serve, type Server } from "./support/site";

/** tests/golden/site-queries has two files of terms. */
const LATIN = "data/terms.753b5db6bd978e09.bin";
const ASIAN = "data/terms.5e0d72f78bd3dac6.bin";
const SLOW = 60_000;

function site(): Server {
  return serve(json<Manifest>(golden, "site-queries", "manifest.json"), new Map(), (path) => {
    const file = join(golden, "site-queries", path);
    return existsSync(file) ? bytes(file) : null;
  });
}

/** From now on the file has its length, and one other byte. */
function damage({ faults }: Server, path: string): void {
  const content = bytes(golden, "site-queries", path).slice();
  content[content.length >> 1]! ^= 1;
  faults.set(path, () => new Response(content));
}

const words = async (engine: Engine, text: string): Promise<SearchResponse> => await engine.search({ text, mode: "words", k: 60 });
const notice = (lost: string) => ({ kind: "info", message: `Part of the full text could not be loaded, so ${lost}.`, retry: true });

describe("a damaged file of terms", () => {
  it("leaves the other words, and Retry finds all of them", async () => {
    const server = site();
    const engine = await open(server);
    damage(server, ASIAN);
    const partial = await words(engine, "castle 猫 red");
    const healed = await open(site());
    const rest = await words(healed, "castle red");
    expect(rest.results.length).toBeGreaterThan(1);
    expect(rowsOf(partial)).toEqual(rowsOf(rest));
    expect(partial.results.map(({ matched }) => matched)).toEqual(rest.results.map(({ matched }) => matched));
    expect([partial.total, partial.strictTotal, partial.divide]).toEqual([rest.total, 0, rest.divide]);
    expect(partial.notices).toEqual([notice("“猫” was not searched")]);

    server.faults.clear();
    const again = await words(engine, "castle 猫 red");
    const whole = await words(healed, "castle 猫 red");
    expect(again).toEqual({ ...whole, elapsedMs: again.elapsedMs });
    expect(again.notices).toEqual([]);
  }, SLOW);

  it("names every word that was left out", async () => {
    const server = site();
    damage(server, LATIN);
    const partial = await words(await open(server), "castle 猫 red boat sea");
    expect(partial.notices).toEqual([notice("“castle”, “red”, “boat” and 1 other word were not searched")]);
    expect(rowsOf(partial)).toEqual(rowsOf(await words(await open(site()), "猫")));
  }, SLOW);

  it("is an error if no word can be read, or if none of the others is found", async () => {
    const server = site();
    damage(server, LATIN);
    const engine = await open(server);
    await expect(words(engine, "castle red")).rejects.toBeInstanceOf(LoadError);
    // There may be pictures of a castle.
    expect((await words(await open(site()), "글글글글")).total).toBe(0);
    await expect(words(engine, "castle 글글글글")).rejects.toBeInstanceOf(LoadError);
  }, SLOW);

  it("is an error for expressions, phrases and exclusions", async () => {
    const server = site();
    damage(server, LATIN);
    const engine = await open(server);
    for (const text of ["castle OR 猫", '"old castle" 猫', "猫 -castle"]) await expect(words(engine, text), text).rejects.toBeInstanceOf(LoadError);
  }, SLOW);

  it("leaves meaning and the other words in mode all", async () => {
    const server = site();
    const engine = await open(server);
    damage(server, ASIAN);
    const partial = await engine.search({ text: "castle 猫 red", mode: "all", k: 10 });
    expect(partial.results).toHaveLength(10);
    expect(partial.results.some(({ ranks }) => ranks?.words !== undefined && ranks.meaning !== undefined)).toBe(true);
    expect(partial.notices).toContainEqual(notice("“猫” was not searched"));
    server.faults.clear();
    expect((await engine.search({ text: "castle 猫 red", mode: "all", k: 10 })).notices).not.toContainEqual(notice("“猫” was not searched"));
  }, SLOW);

  it("is an error for counts and for the HTTP API, which would keep them", async () => {
    const server = site();
    const engine = await open(server);
    damage(server, ASIAN);
    const field = engine.manifest.fields.find(({ type, column }) => type === "tags" && column)!;
    await expect(engine.facets(field.name, { text: "castle 猫 red", mode: "words" })).rejects.toBeInstanceOf(LoadError);
    const asked = { method: "GET", path: "api/search", query: `q=${encodeURIComponent("castle 猫 red")}&mode=words`, accept: "*/*", body: () => Promise.resolve(new Uint8Array()) };
    const state = new State(engine, "/", null);
    const failed = await answer(asked, () => Promise.resolve(state));
    expect([failed.status, failed.headers.get("cache-control")]).toEqual([500, "no-store"]);
    server.faults.clear();
    expect((await answer(asked, () => Promise.resolve(state))).status).toBe(200);
  }, SLOW);
});

describe("lists beside the words", () => {
  const plan = planText(parse("garten"), [], ["title"]);
  const found = async (change: (text: TermsText) => void, partly = true) => {
    const text = TermsText.of([["garten"], ["kindergarten"], ["Gärten"]], ["title"]);
    change(text);
    const { all, missing } = await searchWords(text, plan, true, null, 3, () => Promise.resolve(["kindergarten"]), partly);
    return { rows: [...await all()], missing };
  };
  const failure = () => Promise.reject(new FormatError("damaged"));

  it("are left out and named, too", async () => {
    const whole = await found(() => undefined);
    expect(whole).toEqual({ rows: expect.arrayContaining([0, 1]) as number[], missing: null });
    const noParts = await found((text) => { text.match = failure; });
    expect(noParts.rows).not.toContain(1);
    expect(missingNotice(noParts.missing!)).toEqual([notice("words inside longer words were not searched")]);
    const noForms = await found((text) => { text.having = async (asked) => (asked.includes("*") ? failure() : TermsText.prototype.having.call(text, asked)); });
    expect(noForms.rows).toEqual(expect.arrayContaining(whole.rows));
    expect(missingNotice(noForms.missing!)).toEqual([notice("results with the exact spelling are not first")]);
  });

  it("are needed if nothing may be left out", async () => {
    await expect(found((text) => { text.match = failure; }, false)).rejects.toThrow("damaged");
  });

  it("may heal by the second time, so nothing is missing", async () => {
    const whole = await found(() => undefined);
    let tries = 0;
    const healed = await found((text) => { text.match = async (asked) => (tries++ ? TermsText.prototype.match.call(text, asked) : failure()); });
    expect(healed.rows).toEqual(whole.rows);
    expect(missingNotice(healed.missing!)).toEqual([]);
  });
});
