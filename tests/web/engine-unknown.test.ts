/** The engine over the golden site: emoji by their names, and texts that the model does not know. */
import { describe, expect, it, vi } from "vitest";
import type { Engine, SearchRequest, SearchResponse } from "../../web_assets/src/engine";
import { open, rowsOf } from "./support/engine";
import { holdBack, serveTiny } from "./support/site";

/** All answers to a search, in order, while the text tower arrives last. */
async function stages(request: SearchRequest): Promise<SearchResponse[]> {
  const server = serveTiny({ model: true });
  const release = holdBack(server, "model/text.onnx");
  const engine = await open(server);
  const seen: SearchResponse[] = [];
  const final = engine.search(request, { onPartial: (response) => { seen.push(response); } });
  await new Promise((resolve) => { setTimeout(resolve, 300); });
  release();
  return [...seen, await final];
}

const same = async (engine: Engine, a: string, b: string, mode: SearchRequest["mode"]) => {
  const [first, second] = [await engine.search({ text: a, mode, k: 24 }), await engine.search({ text: b, mode, k: 24 })];
  expect(rowsOf(first)).toEqual(rowsOf(second));
  expect(first.divide).toBe(second.divide);
  expect(first.results.length).toBeGreaterThan(0);
};

describe("emoji that no text has", () => {
  it.each([["🐱", "cat face"], ["☀️ and 🐶", "sun and dog face"], ["cat - 🐶", "cat - dog face"], ["2*🐈 + 🌳", "2*cat + deciduous tree"]])(
    "%s is searched as %s", async (emoji, name) => {
      const engine = await open(serveTiny({ model: true }));
      for (const mode of ["all", "meaning", "words"] as const) await same(engine, emoji, name, mode);
    });

  it("are marked by their names, and counted in facets", async () => {
    const engine = await open(serveTiny());
    const [cat] = rowsOf(await engine.search({ text: "🐈", mode: "words", k: 1 }));
    const pieces = (await engine.highlight(cat!, "🐈")).flatMap(({ pieces }) => pieces.filter((_, i) => i % 2));
    expect(pieces.length).toBeGreaterThan(0);
    expect(pieces.every((piece) => /cat/i.test(piece))).toBe(true);
    expect(await engine.facets("place", { text: "🐈" })).toEqual(await engine.facets("place", { text: "cat" }));
  });

  it("have the embeddings of their names", async () => {
    const engine = await open(serveTiny({ model: true }));
    expect(await engine.embedText("🐱")).toEqual(await engine.embedText("cat face"));
    await expect(engine.embedText("мир")).rejects.toThrow("The model does not know “мир”.");
  });

  it("are searched by meaning if full text cannot be loaded", async () => {
    const server = serveTiny({ model: true });
    server.faults.set("data/terms.*", () => new Response("", { status: 404 }));
    const response = await (await open(server)).search({ text: "🐱", mode: "all", k: 24 });
    expect(response.results).toHaveLength(24);
    expect(response.notices).toMatchObject([{ kind: "info" }]);
  });
});

describe("a text that the model does not know", () => {
  it.each(["мир", "안녕 мир", "★"])("is never answered by meaning, not even at first: %s", async (text) => {
    for (const response of await stages({ text, mode: "all", k: 24 })) expect(rowsOf(response)).toEqual([]);
    const answers = await stages({ text, mode: "meaning", k: 24 });
    expect(answers.map(({ stage }) => stage)).toEqual(["final"]);
    expect(answers[0]).toMatchObject({ results: [], total: 0, notices: [{ kind: "unknown-text" }] });
    expect(answers[0]!.notices[0]!.message).toContain(`The model does not know “${text}”`);
  });

  it.each([["cat мир", "cat"], ["мир red car", "red car"]])("loses its unknown part: %s", async (mixed, known) => {
    const engine = await open(serveTiny({ model: true }));
    await same(engine, mixed, known, "meaning");
    expect((await engine.search({ text: mixed, mode: "meaning" })).notices).toEqual([]);
  });

  it.each(["- мир", "-мир"])("excludes nothing: cat %s", async (sign) => {
    const engine = await open(serveTiny({ model: true }));
    await same(engine, `cat ${sign}`, "cat", "all");
    expect((await engine.search({ text: `cat ${sign}`, mode: "all" })).notices).toMatchObject([{ kind: "unknown-text" }]);
  });

  it("answers once although the model is not needed", async () => {
    const server = serveTiny({ model: true });
    const engine = await open(server);
    await engine.search({ text: "мир", mode: "all" });
    // The text tower is loaded in the background, for a text that needs it.
    await vi.waitFor(() => { expect(server.asked.some((path) => path.startsWith("model/text."))).toBe(true); });
    const before = server.asked.length;
    await engine.search({ text: "мир", mode: "all" });
    expect(server.asked).toHaveLength(before);
  });
});
