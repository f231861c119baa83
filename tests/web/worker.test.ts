/** The page's side and the worker's side of the messages, connected without a worker. */
import { describe, expect, it } from "vitest";
import { onProgramError, part, ProgramError } from "../../web_assets/src/base/errors";
import { workerCollection } from "../../web_assets/src/api/collection";
import { Engine, QueryError } from "../../web_assets/src/engine";
import { FormatError, LoadError } from "../../web_assets/src/format";
import { WorkerClient, type Program, type WorkerLike } from "../../web_assets/src/worker/client";
import { decodeError, encodeError } from "../../web_assets/src/worker/messages";
import { serve, type OpenSite } from "../../web_assets/src/worker/serve";
import { assets, BASE, serveTiny, type Server } from "./support/site";

/** A worker in the same thread; every message is cloned, as between threads. */
class FakeWorker implements WorkerLike {
  readonly posted: { kind: string; method?: string; id?: number }[] = [];
  terminated = false;
  private readonly page = new Map<string, ((event: never) => void)[]>();
  private readonly inside: ((event: MessageEvent) => void)[] = [];

  constructor(openSite: OpenSite) {
    serve({
      addEventListener: (_, listener) => { this.inside.push(listener); },
      postMessage: (message) => { this.emit("message", { data: structuredClone(message) }); },
    }, openSite);
  }

  postMessage(message: unknown): void {
    const data = structuredClone(message) as { kind: string; method?: string };
    this.posted.push(data);
    setTimeout(() => { for (const listener of this.inside) listener({ data } as MessageEvent); });
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    this.page.set(type, [...(this.page.get(type) ?? []), listener]);
  }

  terminate(): void {
    this.terminated = true;
  }

  emit(type: string, event: unknown): void {
    if (this.terminated) return;
    for (const listener of this.page.get(type) ?? []) listener(event as never);
  }
}

async function connect(server: Server = serveTiny({ model: true }), program: Program | null = null) {
  const workers: FakeWorker[] = [];
  const start = () => {
    const worker = new FakeWorker(async (url, onProgress) => ({ collection: await Engine.open(url, { assets, fetch: server.fetch, onProgress }), additions: null }));
    workers.push(worker);
    return worker;
  };
  const client = new WorkerClient(start, BASE, false, program);
  return { server, workers, client, collection: workerCollection(client, await client.open()) };
}

describe("a collection behind a worker", () => {
  it("says what the worker has requested, if it runs", async () => {
    const { collection, client } = await connect();
    const found = await collection.requests!();
    expect(found!.since).toBe(performance.timeOrigin);
    expect(Array.isArray(found!.requests)).toBe(true);
    client.close();
    expect(await collection.requests!()).toBeNull();
  });

  it("answers every call", async () => {
    const { collection } = await connect();
    expect(collection.manifest.collection.count).toBe(24);
    expect((await collection.search({ text: "cat", mode: "words", k: 3 })).results).toHaveLength(3);
    const [info] = await collection.rows([4]);
    expect(info!.placeholder).toBeInstanceOf(Uint8Array);
    expect(await collection.rowOf(info!.id)).toBe(4);
    expect((await collection.document(4)).id).toBe(info!.id);
    expect((await collection.highlight(3, "cat")).length).toBeGreaterThan(0);
    expect((await collection.facets("place", { limit: 2 })).length).toBe(2);
    expect(await collection.range("rating")).toEqual({ min: 0, max: 4 });
    expect(await collection.embedImage({ width: 2, height: 2, data: new Uint8ClampedArray(16).fill(200) })).toHaveLength(16);
    const text = await collection.embedText("a cat");
    expect(text).toHaveLength(16);
    expect(text.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(1, 4);
    await expect(collection.warm()).resolves.toBeUndefined();
  });

  it("passes on provisional answers and progress", async () => {
    const { collection, server } = await connect();
    const real = server.fetch;
    // The text tower arrives after the answer by words.
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => { release = resolve; });
    server.faults.set("model/text.onnx", async () => {
      await gate;
      server.faults.clear();
      return await real(`${BASE}model/text.onnx`);
    });
    const steps = new Set<string>();
    const stop = collection.onProgress(({ step }) => steps.add(step));
    const stages: string[] = [];
    const onPartial = ({ stage }: { stage: string }): void => {
      stages.push(stage);
      if (stage === "words") release();
    };
    const final = await collection.search({ text: "cat", mode: "all", k: 3 }, { onPartial });
    expect(final.stage).toBe("final");
    expect(stages).toContain("words");
    expect([...steps]).toEqual(expect.arrayContaining(["catalog", "vectors", "model", "tokens"]));
    stop();
    const before = steps.size;
    await collection.range("rating");
    expect(steps.size).toBe(before);
  });

  it("rejects with the error of the engine", async () => {
    const { collection, server } = await connect();
    await expect(collection.document(99)).rejects.toMatchObject({ name: "QueryError", message: "The collection has no row 99." });
    server.faults.set("data/documents*", () => new Response("", { status: 404 }));
    await expect(collection.document(1)).rejects.toBeInstanceOf(LoadError);
    await expect(collection.document(1)).rejects.toMatchObject({ status: 404, retryable: false });
  });

  it("rejects methods that are not in the table", async () => {
    const { workers } = await connect();
    const answers: unknown[] = [];
    workers[0]!.addEventListener("message", (event: never) => { answers.push((event as MessageEvent).data); });
    for (const method of ["constructor", "lay", "toString", "__proto__"]) {
      workers[0]!.postMessage({ kind: "call", id: 99, target: "collection", method, args: [], partial: false });
    }
    workers[0]!.postMessage({ kind: "call", id: 99, target: "additions", method: "state", args: [], partial: false });
    await expect.poll(() => answers.length).toBe(5);
    expect(answers.slice(0, 4)).toEqual(Array(4).fill(expect.objectContaining({ kind: "error" })));
    expect(answers[4]).toMatchObject({ error: { message: "The collection was opened without the pictures added on this device." } });
  });

  it("rejects what cannot be sent", async () => {
    const { collection } = await connect();
    await expect(collection.search({ text: (() => 1) as never, mode: "all", k: 1 })).rejects.toThrow();
  });

  it("aborts on both sides", async () => {
    const { collection, workers, server } = await connect();
    server.faults.set("data/vectors*", () => new Promise(() => undefined));
    const controller = new AbortController();
    const reason = new Error("typed on");
    const search = collection.search({ text: "cat", mode: "all", k: 3 }, { signal: controller.signal });
    await expect.poll(() => workers[0]!.posted.some(({ method }) => method === "search")).toBe(true);
    controller.abort(reason);
    await expect(search).rejects.toBe(reason);
    expect(workers[0]!.posted.at(-1)).toMatchObject({ kind: "abort" });
    await expect(collection.search({ text: "cat", mode: "all", k: 3 }, { signal: controller.signal })).rejects.toBe(reason);
    expect((await collection.search({ text: "cat", mode: "words", k: 3 })).results).toHaveLength(3);
  });
});

describe("a worker that dies", () => {
  it("rejects the calls under way with a retryable error, and is replaced", async () => {
    const { collection, workers } = await connect();
    const search = collection.search({ text: "cat", mode: "words", k: 3 });
    const rows = collection.rows([1]);
    await Promise.resolve();
    workers[0]!.emit("error", { message: "out of memory" });
    for (const call of [search, rows]) await expect(call).rejects.toMatchObject({ name: "LoadError", retryable: true });
    await expect(search).rejects.toThrow("out of memory");
    expect(workers[0]!.terminated).toBe(true);
    expect((await collection.search({ text: "cat", mode: "words", k: 3 })).results).toHaveLength(3);
    expect(workers).toHaveLength(2);
  });

  it("while opening is an error, and opening can be tried again", async () => {
    let attempts = 0;
    const server = serveTiny();
    const client = new WorkerClient(() => {
      const worker = new FakeWorker(async (url) => ({ collection: await Engine.open(url, { assets, fetch: server.fetch }), additions: null }));
      if (!attempts++) setTimeout(() => { worker.emit("error", {}); });
      return worker;
    }, BASE);
    await expect(client.open()).rejects.toMatchObject({ retryable: true });
    expect((await client.open()).collection.count).toBe(24);
  });

  it("because a part of its program is damaged is replaced when no call is under way", async () => {
    const repairs: number[] = [];
    const { collection, workers } = await connect(undefined, {
      check: () => Promise.resolve(""),
      repair: () => {
        repairs.push(workers.length);
        return Promise.resolve("");
      },
    });
    // The failure of a part is reported even if the search itself gives an answer without it.
    workers[0]!.emit("message", { data: { kind: "damaged", lasting: true } });
    const [first, second] = [collection.rows([1]), collection.rows([2])];
    await Promise.all([first, second]);
    expect(workers.length).toBeLessThanOrEqual(2);
    await collection.rows([3]);
    expect(workers).toHaveLength(2);
    expect(repairs).toEqual([1]);
  });

  it("stays if the part can be fetched again, after the copy in the cache was replaced", async () => {
    let repairs = 0;
    const { collection, workers } = await connect(undefined, { check: () => Promise.resolve(""), repair: () => { repairs++; return Promise.resolve(""); } });
    workers[0]!.emit("message", { data: { kind: "damaged", lasting: false } });
    await collection.rows([1]);
    expect([workers.length, repairs]).toEqual([1, 1]);
  });

  it("because it was closed rejects all calls, also later ones", async () => {
    const { collection, workers } = await connect();
    const search = collection.search({ text: "cat", mode: "all", k: 3 });
    await Promise.resolve();
    collection.close();
    await expect(search).rejects.toMatchObject({ name: "AbortError" });
    await expect(collection.rows([1])).rejects.toMatchObject({ name: "AbortError" });
    expect(workers).toHaveLength(1);
  });
});

describe("a part of the program", () => {
  it("that is damaged or another script is a ProgramError, and is reported", async () => {
    const heard: boolean[] = [];
    onProgramError((lasting) => { heard.push(lasting); });
    await expect(part(Promise.resolve({ a: 1 }), "a")).resolves.toEqual({ a: 1 });
    await expect(part(Promise.resolve({ a: undefined }), "a")).rejects.toBeInstanceOf(ProgramError);
    await expect(part(Promise.reject(new SyntaxError("Unexpected end of input")))).rejects.toBeInstanceOf(ProgramError);
    await expect(part(Promise.reject(new TypeError("Failed to fetch dynamically imported module: x")))).rejects.toBeInstanceOf(ProgramError);
    expect(heard).toEqual([true, true, false]);
  });
});

describe("errors", () => {
  it("keep their type and properties", () => {
    for (const error of [new LoadError("m", "u", 503, true), new FormatError("f"), new QueryError("q"), new DOMException("a", "AbortError"), new TypeError("t")]) {
      const arrived = decodeError(structuredClone(encodeError(error)));
      expect([arrived.name, arrived.message]).toEqual([error.name, error.message]);
    }
    expect(decodeError(encodeError(new LoadError("m", "u", 503, true)))).toMatchObject({ url: "u", status: 503, retryable: true });
    expect(decodeError(encodeError("text")).message).toBe("text");
  });
});
