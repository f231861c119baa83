/** The engine over the golden site when files are missing or damaged, a search is aborted, or the network is slow. */
import { describe, expect, it } from "vitest";
import type { LoadProgress } from "../../web_assets/src/engine";
import { LoadError } from "../../web_assets/src/format";
import { open, rowsOf } from "./support/engine";
import { serveTiny } from "./support/site";

describe("trouble", () => {
  const broken = () => new Response("", { status: 404 });

  it("with the model still gives results by words, with a notice", async () => {
    const server = serveTiny({ model: true });
    server.faults.set("model/text.onnx", broken);
    const engine = await open(server);
    const response = await engine.search({ text: "cat", mode: "all", k: 10 });
    expect(rowsOf(response)).toEqual([3, 20, 10, 1]);
    expect(response.notices).toMatchObject([{ kind: "no-model" }]);
    await expect(engine.search({ text: "cat", mode: "meaning", k: 10 })).rejects.toBeInstanceOf(LoadError);
    // No match in the words must not read as "nothing found".
    await expect(engine.search({ text: "xylophone", mode: "all", k: 10 })).rejects.toBeInstanceOf(LoadError);
    server.faults.clear();
    expect((await engine.search({ text: "cat", mode: "all", k: 10 })).notices).toEqual([]);
  });

  it("with a damaged model file still gives results by words", async () => {
    const engine = await open(serveTiny({ model: (_, files) => { files.set("text.onnx", files.get("vocabulary.bin")!); } }));
    const response = await engine.search({ text: "cat", mode: "all", k: 10 });
    expect(rowsOf(response)).toEqual([3, 20, 10, 1]);
    expect(response.notices).toMatchObject([{ kind: "no-model" }]);
    await expect(engine.search({ text: "cat", mode: "meaning", k: 10 })).rejects.toThrow("text tower");
  });

  it("with full text still gives results by meaning, with a notice", async () => {
    const server = serveTiny({ model: true });
    server.faults.set("data/terms.*", broken);
    const engine = await open(server);
    const response = await engine.search({ text: "cat", mode: "all", k: 10 });
    expect(response.results).toHaveLength(10);
    expect(response.notices).toMatchObject([{ kind: "info" }]);
    await expect(engine.search({ text: "cat", mode: "words", k: 10 })).rejects.toBeInstanceOf(LoadError);
    await expect(engine.search({ text: "cat NOT dog", mode: "all", k: 10 })).rejects.toBeInstanceOf(LoadError);
  });

  it("with everything is an error, never an empty answer", async () => {
    const server = serveTiny({ model: true });
    for (const path of ["data/terms.*", "data/vectors*"]) server.faults.set(path, broken);
    const engine = await open(server);
    await expect(engine.search({ text: "cat", mode: "all", k: 10 })).rejects.toBeInstanceOf(LoadError);
    server.faults.clear();
    expect((await engine.search({ text: "cat", mode: "all", k: 10 })).results).toHaveLength(10);
  });
});

describe("abort", () => {
  it("rejects with the signal's reason at any moment, without effect on later searches", async () => {
    const engine = await open(serveTiny({ model: true }));
    for (const delay of [-1, 0, 1, 3, 8, 20]) {
      const controller = new AbortController();
      const reason = new Error("superseded");
      const started = engine.search({ text: `cat ${delay}`, mode: "all", k: 5 }, { signal: controller.signal });
      if (delay < 0) controller.abort(reason);
      else setTimeout(() => { controller.abort(reason); }, delay);
      await started.then(() => { expect(delay).toBeGreaterThan(0); }, (error: unknown) => { expect(error).toBe(reason); });
    }
    expect((await engine.search({ text: "cat", mode: "all", k: 5 })).results).toHaveLength(5);
  });

  it("stops provisional answers", async () => {
    const server = serveTiny({ model: true });
    server.faults.set("model/text.onnx", () => new Promise(() => undefined));
    const engine = await open(server);
    const controller = new AbortController();
    let partials = 0;
    const search = engine.search({ text: "cat", mode: "all", k: 5 }, { signal: controller.signal, onPartial: () => { partials++; controller.abort(); } });
    await expect(search).rejects.toThrow();
    const before = partials;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(partials).toBe(before);
  });
});

describe("progress", () => {
  it("counts bytes and ends every step", async () => {
    const events: LoadProgress[] = [];
    const engine = await open(serveTiny({ model: true }), (progress) => { events.push(progress); });
    await engine.search({ text: "red car", mode: "all", k: 5 });
    for (const step of ["manifest", "catalog", "vectors", "model", "tokens"] as const) {
      const own = events.filter((event) => event.step === step);
      expect(own.length, step).toBeGreaterThan(0);
      expect(own.at(-1)!.done, step).toBe(true);
      for (const { loaded, total } of own) expect(loaded, step).toBeLessThanOrEqual(total);
      expect(own.at(-1)!.loaded, step).toBeGreaterThan(0);
    }
  });
});
