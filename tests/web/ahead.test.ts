/** Searches that start while their text is still being typed, and answers that include what the grid needs. */
import { describe, expect, it, vi } from "vitest";
import { Engine } from "../../web_assets/src/engine";
import { Ahead } from "../../web_assets/src/engine/ahead";
import type { SearchOptions } from "../../web_assets/src/engine/methods";
import type { Answer, SearchRequest } from "../../web_assets/src/engine/types";
import { assets, BASE, serveTiny } from "./support/site";

const warmEngine = async (): Promise<Engine> => {
  const engine = await Engine.open(BASE, { fetch: serveTiny({ model: true }).fetch, assets });
  await engine.search({ text: "cat", mode: "all", k: 3 });
  return engine;
};
const untimed = ({ elapsedMs, ...answer }: Answer): Omit<Answer, "elapsedMs"> => {
  expect(elapsedMs).toBeGreaterThanOrEqual(0);
  return answer;
};
const answer = (stage: Answer["stage"]): Answer => ({ results: [], total: 0, stage, notices: [], elapsedMs: 1 });

describe("a search that starts while it is typed", () => {
  it("gives the same answer as a search started later", async () => {
    const engine = await warmEngine();
    const request: SearchRequest = { text: "a cat", mode: "all", k: 5, group: true, infos: true };
    const later = await engine.search({ ...request });
    expect(await engine.begin({ ...request })).toBe(true);
    expect(untimed(await engine.search({ ...request }))).toEqual(untimed(later));
    expect(untimed(await engine.search({ ...request }))).toEqual(untimed(later));
  });

  it("is not used for any other request", async () => {
    const engine = await warmEngine();
    expect(await engine.begin({ text: "cat", mode: "all", k: 5 })).toBe(true);
    const words = await engine.search({ text: "cat", mode: "words", k: 5 });
    expect(words.results.length).toBeGreaterThan(0);
    expect(words.results.every(({ similarity }) => similarity === undefined)).toBe(true);
    expect((await engine.search({ text: "cat", mode: "all", k: 2 })).results).toHaveLength(2);
  });

  it("starts only after a complete word and if everything is loaded", async () => {
    const cold = await Engine.open(BASE, { fetch: serveTiny({ model: true }).fetch, assets });
    expect(await cold.begin({ text: "cat", mode: "all" })).toBe(false);
    const engine = await warmEngine();
    for (const text of ["", "ca", "cat on the"]) expect(await engine.begin({ text, mode: "all" }), text).toBe(false);
  });

  it("rejects for every caller if the request is invalid", async () => {
    const engine = await warmEngine();
    const request: SearchRequest = { text: "image:mine.jpg cat", mode: "all" };
    expect(await engine.begin(request)).toBe(true);
    await expect(engine.search(request)).rejects.toThrow("isn't available in this browser");
  });
});

describe("a search that was started early", () => {
  const held = () => {
    const seen: { context: SearchOptions; answer: (found: Answer) => void } = { context: {}, answer: () => undefined };
    const search = vi.fn((_: SearchRequest, context: SearchOptions) => {
      seen.context = context;
      return new Promise<Answer>((resolve) => { seen.answer = resolve; });
    });
    return { ahead: new Ahead({ text: "cat", mode: "all" }, search), search, seen };
  };

  it("passes on provisional answers, the last one also to later callers", async () => {
    const { ahead, search, seen } = held();
    seen.context.onPartial?.(answer("words"));
    const stages: string[] = [];
    const given = ahead.give({ onPartial: ({ stage }) => stages.push(stage) });
    seen.context.onPartial?.(answer("static"));
    seen.answer(answer("final"));
    expect((await given).stage).toBe("final");
    expect(stages).toEqual(["words", "static"]);
    expect(search).toHaveBeenCalledTimes(1);
  });

  it("is aborted with the search that uses it", async () => {
    const { ahead, seen } = held();
    const controller = new AbortController();
    const stages: string[] = [];
    const given = ahead.give({ signal: controller.signal, onPartial: ({ stage }) => stages.push(stage) });
    controller.abort(new Error("typed on"));
    await expect(given).rejects.toThrow("typed on");
    expect(seen.context.signal?.aborted).toBe(true);
    seen.context.onPartial?.(answer("words"));
    expect(stages).toEqual([]);
  });
});

describe("the data of the grid", () => {
  it("is in the answer if it was requested", async () => {
    const engine = await warmEngine();
    for (const request of [{ text: "cat", mode: "all" }, { text: "cat", mode: "words" }, { mode: "all" }] as const) {
      const plain = await engine.search({ ...request, k: 4 });
      expect(plain.infos).toBeUndefined();
      const { results, infos } = await engine.search({ ...request, k: 4, infos: true });
      expect(results).toHaveLength(4);
      expect(infos).toEqual(await engine.rows(results.map(({ row }) => row)));
    }
  });
});
