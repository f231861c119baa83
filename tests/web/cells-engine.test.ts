/** Searches of the engine over a site of the tier `cells`: texts, negatives, similar images, the HTTP API, what is kept for offline. */
import { describe, expect, it } from "vitest";
import { Engine, type LoadProgress } from "../../web_assets/src/engine";
import { answer } from "../../web_assets/src/http/api";
import { State } from "../../web_assets/src/http/state";
import { partsOf } from "../../web_assets/src/sw/parts";
import { warming } from "../../web_assets/src/sw/policy";
import { plainEmbedding, writeCells, type Plain } from "./support/cells";
import { expected, rowsOf } from "./support/engine";
import { assets, BASE, serveTiny, type Server } from "./support/site";

/** The golden site with random cells in the place of its vectors. */
function withCells(): { server: Server; plain: Plain } {
  let plain: Plain | null = null;
  const server = serveTiny({
    model: true,
    change: (manifest, files) => {
      const written = writeCells({ seed: 17, rows: manifest.collection.count, dim: manifest.vectors!.dim, cells: 5, least: 1, most: 2, tail: 3 });
      manifest.vectors = written.entry;
      plain = written.plain;
      for (const [path, content] of written.files.stored) files.stored.set(path, content);
    },
  });
  return { server, plain: plain! };
}

const open = (server: Server, onProgress?: (progress: LoadProgress) => void) => Engine.open(BASE, { fetch: server.fetch, assets, ...onProgress ? { onProgress } : {} });
const product = (a: number[], b: number[]): number => a.reduce((sum, value, k) => sum + value * b[k]!, 0);
const cosine = (a: number[], b: number[]): number => product(a, b) / Math.sqrt(product(a, a) * product(b, b));

describe("a site of cells", () => {
  it("answers texts by meaning, approximately first, and reports progress", async () => {
    const { server } = withCells();
    const steps = new Set<string>();
    const engine = await open(server, ({ step }) => { steps.add(step); });
    const stages: string[] = [];
    const found = await engine.search({ text: "a red circle", mode: "meaning", k: 5 }, { onPartial: ({ stage }) => { stages.push(stage); } });
    expect(found.stage).toBe("final");
    expect(found.results.length).toBe(5);
    expect(found.notices).toEqual([]);
    expect(stages).toEqual(["static"]);
    expect(steps.has("vectors")).toBe(true);
    expect(server.asked.some((path) => path.startsWith("data/cell-codes."))).toBe(true);
    expect(server.asked.some((path) => path.startsWith("data/row-cells."))).toBe(false);
    await engine.close();
  });

  it("finds what looks similar, and leaves out likely matches of negative terms", async () => {
    const { server, plain } = withCells();
    const engine = await open(server);
    const row = plain.cells.find(({ rows }) => rows.length > 1)!.rows[0]!;
    const similar = await engine.search({ text: "", like: [expected.ids[row]!], mode: "meaning", k: 5 });
    const own = plainEmbedding(plain, row);
    const length = Math.sqrt(product(own, own));
    const rising = similar.results.map(({ similarity }) => similarity!).reverse();
    expect(rising).toEqual([...rising].sort((a, b) => a - b));
    for (const { row: other, similarity } of similar.results) expect(similarity).toBeCloseTo(product(plainEmbedding(plain, other), own) / length, 5);
    const without = await engine.search({ text: "circle -square", mode: "meaning", k: 24 });
    expect(without.results.length).toBeGreaterThan(0);
    await engine.close();
  });

  it("says which part could not be loaded, and shows the rest", async () => {
    const { server, plain } = withCells();
    const engine = await open(server);
    // The tail is read by every search. Its group is the last one.
    const tail = new Set(plain.cells.at(-1)!.rows);
    const whole = await engine.search({ text: "circle", mode: "meaning", k: 24 });
    expect(rowsOf(whole).some((row) => tail.has(row))).toBe(true);
    await engine.close();
    const damaged = withCells().server;
    const groups = [...new Set(server.asked.filter((path) => path.startsWith("data/cell-codes.")))];
    damaged.faults.set(groups[0]!, () => new Response("no such file", { status: 404 }));
    const again = await open(damaged);
    const rest = await again.search({ text: "circle", mode: "meaning", k: 24 });
    expect(rest.results.length).toBeGreaterThan(0);
    expect(rest.results.length).toBeLessThan(whole.results.length);
    expect(rest.notices.length).toBe(1);
    expect(rest.notices[0]).toMatchObject({ kind: "info", retry: true });
    expect(rest.notices[0]!.message).toContain(groups[0]!);
    await again.close();
  });

  it("answers the HTTP API with exact similarities, and with a failure instead of a part of the results", async () => {
    const { server, plain } = withCells();
    const engine = await open(server);
    const state = new State(engine, "/", null);
    const row = plain.cells[0]!.rows[0] ?? plain.cells[1]!.rows[0]!;
    const ask = (of = state) => answer({ path: "api/similar", query: `id=${expected.ids[row]!}&k=4`, method: "GET", accept: "", body: () => Promise.resolve(new Uint8Array()) }, () => Promise.resolve(of));
    const response = await ask();
    expect(response.status).toBe(200);
    const { results } = await response.json() as { results: { number: number; similarity: number }[] };
    expect(results.length).toBe(4);
    for (const { number, similarity } of results) {
      expect(similarity).toBeCloseTo(cosine(plainEmbedding(plain, number - 1), plainEmbedding(plain, row)), 5);
    }
    await engine.close();
    const damaged = withCells().server;
    damaged.faults.set("data/cell-vectors.*", () => new Response("no such file", { status: 404 }));
    const failing = new State(await open(damaged), "/", null);
    expect((await ask(failing)).status).toBe(500);
  });

  it("is kept for offline: first what every search needs, then the codes, then the vectors", async () => {
    const { server } = withCells();
    const parts = await partsOf(server.manifest, async ({ path }) => {
      const bytes = new Uint8Array(await (await server.fetch(BASE + path)).arrayBuffer());
      return bytes[0] === 0x1f ? new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer()) : bytes;
    });
    const kinds = (files: { path: string }[]) => [...new Set(files.map(({ path }) => path.split("/")[1]!.split(".")[0]!))].sort();
    expect(kinds(parts.cells)).toEqual(["cell-sizes", "cells", "coarse", "quantizer", "sample"]);
    expect(kinds(parts.coarse)).toEqual(["cell-codes", "row-cells"]);
    expect(kinds(parts.vectors)).toEqual(["cell-vectors"]);
    const { needed, fetch } = warming(server.manifest, parts, [], "all");
    for (const file of [...parts.cells, ...parts.coarse, ...parts.vectors]) expect(needed.includes(file) && fetch.includes(file)).toBe(true);
    const order = [parts.cells[0]!, parts.coarse[0]!, parts.vectors[0]!].map((file) => fetch.indexOf(file));
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });
});
