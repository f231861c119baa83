/** What the tier `cells` requests and keeps: each file once, up to a number of bytes, and nothing for a search that was stopped. */
import { describe, expect, it } from "vitest";
import { Kept } from "../../web_assets/src/engine/cells/kept";
import { writeCells } from "./support/cells";
import { openCells } from "./support/open-cells";
import { holdBack } from "./support/site";

const written = writeCells({ seed: 4, rows: 500, cells: 40, tail: 3 });
const query = (seed: number): Float32Array => Float32Array.from({ length: 10 }, (_, k) => Math.cos(seed * (k + 1)));
const tick = () => new Promise((resolve) => { setTimeout(resolve, 5); });

describe("requests", () => {
  it("are made once for searches at the same time", async () => {
    const { nearest, server } = await openCells(written);
    await Promise.all([nearest.search(query(1), 10), nearest.search(query(1), 10), nearest.search(query(2), 10), nearest.embeddings([1, 2, 1])]);
    expect(server.asked.length).toBe(new Set(server.asked).size);
    expect(server.asked.filter((path) => path.includes("cell-vectors.")).length).toBeGreaterThan(3);
  });

  it("begin together: what every search needs does not wait for anything", async () => {
    const { server } = await openCells(written);
    const kinds = server.asked.slice(0, 6).map((path) => path.split("/")[1]!.split(".")[0]!).sort();
    expect(kinds).toEqual(["cell-codes-index", "cell-sizes", "cell-vectors-index", "cells", "coarse", "quantizer"]);
  });

  it("are reported as one step from the first to the last", async () => {
    const { nearest, progress } = await openCells(written);
    progress.length = 0;
    await nearest.search(query(1), 10);
    await tick();
    expect(progress.every(({ step }) => step === "vectors")).toBe(true);
    expect(progress.map(({ done }) => done).filter(Boolean)).toEqual([true]);
    expect(progress.at(-1)!.done).toBe(true);
    expect(progress.at(-1)!.loaded).toBeGreaterThan(1000);
    progress.length = 0;
    await nearest.search(query(1), 10);
    await tick();
    expect(progress).toEqual([]);
  });

  it("stop with the search that made them, unless another one waits for the same file", async () => {
    const { nearest, server } = await openCells(written);
    const before = server.asked.length;
    const first = new AbortController();
    await nearest.search(query(3), 1);
    const group = server.asked.slice(before).find((path) => path.startsWith("data/cell-codes."))!;
    const again = await openCells(written);
    const release = holdBack(again.server, group);
    const stopped = again.nearest.search(query(3), 10, null, first.signal);
    const waiting = again.nearest.search(query(3), 10);
    await tick();
    first.abort(new Error("stopped"));
    await expect(stopped).rejects.toThrow("stopped");
    release();
    expect((await waiting).rows.length).toBe(10);
    expect((await waiting).lost).toBeUndefined();
    await expect(again.nearest.search(query(3), 10, null, AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
  });

  it("of a stopped search do not stand in the way of the next one", async () => {
    const { nearest, server } = await openCells(written);
    server.faults.set("data/cell-codes.*", () => new Promise<Response>(() => undefined));
    const stop = new AbortController();
    const stopped = nearest.search(query(3), 10, null, stop.signal);
    await tick();
    stop.abort(new Error("typed on"));
    await expect(stopped).rejects.toThrow("typed on");
    server.faults.clear();
    expect((await nearest.search(query(3), 10)).rows.length).toBe(10);
  });
});

describe("files in memory", () => {
  const load = (bytes: number, log: string[], name: string) => () => {
    log.push(name);
    return Promise.resolve({ bytes, name });
  };

  it("are those that were used last, up to a number of bytes", async () => {
    const kept = new Kept<{ bytes: number; name: string }>(100);
    const log: string[] = [];
    const get = (key: number, bytes = 40) => kept.get(key, load(bytes, log, String(key)));
    await get(1);
    await get(2);
    await get(1);
    await get(3);
    expect([1, 2, 3].map((key) => kept.has(key))).toEqual([true, false, true]);
    expect(Array.from(kept.values(), ({ name }) => name)).toEqual(["1", "3"]);
    await get(2);
    expect(log).toEqual(["1", "2", "3", "2"]);
    // One that is too large alone is kept until the next one comes.
    await get(9, 1000);
    expect([1, 2, 3, 9].map((key) => kept.has(key))).toEqual([false, false, false, true]);
    await get(1);
    expect([1, 9].map((key) => kept.has(key))).toEqual([true, false]);
  });

  it("are loaded again after a failure", async () => {
    const kept = new Kept<{ bytes: number }>(100);
    await expect(kept.get(1, () => Promise.reject(new Error("lost")))).rejects.toThrow("lost");
    expect((await kept.get(1, () => Promise.resolve({ bytes: 7 }))).bytes).toBe(7);
  });

  it("are no longer loaded when nobody waits", async () => {
    const kept = new Kept<{ bytes: number }>(100);
    let stopped = 0;
    const never = (signal: AbortSignal) => new Promise<{ bytes: number }>((_, reject) => {
      signal.addEventListener("abort", () => {
        stopped++;
        reject(signal.reason as Error);
      });
    });
    const [a, b] = [new AbortController(), new AbortController()];
    const both = [a, b].map(({ signal }) => kept.get(1, never, signal).catch((error: unknown) => (error as Error).message));
    a.abort(new Error("a"));
    expect(stopped).toBe(0);
    b.abort(new Error("b"));
    expect(stopped).toBe(1);
    expect(await Promise.all(both)).toEqual(["a", "b"]);
    expect((await kept.get(1, () => Promise.resolve({ bytes: 1 }))).bytes).toBe(1);
  });
});
