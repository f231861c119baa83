/** The same collection in many layouts gives the same answers, and loads no more files than needed. */
import { beforeAll, describe, expect, it } from "vitest";
import { Engine, type SearchRequest } from "../../web_assets/src/engine";
import { browse } from "../../web_assets/src/engine/browse";
import { maskOf } from "../../web_assets/src/engine/mask";
import type { Manifest } from "../../web_assets/src/format";
import { tinyContent } from "./support/content";
import { expected, rowsOf } from "./support/engine";
import { bytes, golden, json } from "./support/files";
import { assets, BASE, serve, type Server } from "./support/site";
import { writeSite, type Content, type Layout } from "./support/writer";

const COUNT = 24;
const all = Array.from({ length: COUNT }, (_, row) => row);
/** A default order, newest first, that differs from the order of the rows. */
const order = all.map((row) => (row * 7 + 5) % COUNT);
const page: SearchRequest = { mode: "all", k: 100 };

let content: Content;
beforeAll(async () => { content = await tinyContent(); });

async function opened(layout: Layout): Promise<{ engine: Engine; server: Server }> {
  const { manifest, files } = writeSite(content, layout);
  const server = serve(manifest, files);
  return { server, engine: await Engine.open(BASE, { fetch: server.fetch, assets }) };
}

const layouts: [string, Layout][] = [
  ["one file of each kind", {}],
  ["many small files and nodes", { rows: 3, documents: 2, digits: 2, vectors: 4, fanout: 2 }],
  ["blocks that do not divide the rows", { rows: 7, documents: 5, digits: 1, vectors: 20, fanout: 3 }],
];

describe.each(layouts)("%s", (_, layout) => {
  it("hold the same rows, ids and documents", async () => {
    const { engine } = await opened(layout);
    expect((await engine.rows(all)).map(({ id }) => id)).toEqual(expected.ids);
    expect(Buffer.from(await engine.ids()).toString("hex")).toBe(expected.ids.join(""));
    for (const row of all) {
      expect(await engine.rowOf(expected.ids[row]!)).toBe(row);
      expect(await engine.document(row)).toMatchObject(expected.documents[row]!);
    }
    expect(await engine.rowOf("0123456789abcdef")).toBeNull();
  });

  it("give the same answers", async () => {
    const { engine } = await opened(layout);
    const first = await opened({});
    for (const request of [
      { ...page, like: [expected.ids[5]!], mode: "meaning" }, { ...page, text: "cat", mode: "words" }, { ...page, text: "sort:rating" },
      { ...page, text: "tag:dog" }, { ...page, like: [expected.ids[1]!], text: "place:Athens", mode: "meaning" },
    ] satisfies SearchRequest[]) {
      const [one, other] = [await engine.search(request), await first.engine.search(request)];
      expect(one.results.length).toBeGreaterThan(0);
      expect(one.results).toEqual(other.results);
      expect(one.total).toBe(other.total);
    }
  });
});

describe("a default order that differs from the order of the rows", () => {
  const layout: Layout = { order, orderBlock: 5, rows: 4, fanout: 2 };
  const inOrder = (holds: (row: number) => boolean) => order.filter(holds);

  it("is the order of browsing, page by page and backwards", async () => {
    const { engine } = await opened(layout);
    expect(rowsOf(await engine.search(page))).toEqual(order);
    expect(rowsOf(await engine.search({ ...page, k: 7, offset: 4 }))).toEqual(order.slice(4, 11));
    expect(rowsOf(await engine.search({ ...page, k: 7, offset: 20 }))).toEqual(order.slice(20));
    expect(rowsOf(await engine.search({ ...page, k: 7, offset: 30 }))).toEqual([]);
    const backwards = { ...page, sort: { field: "default", direction: "descending" } } as const;
    expect(rowsOf(await engine.search(backwards))).toEqual(order.toReversed());
    expect(rowsOf(await engine.search({ ...backwards, k: 3, offset: 2 }))).toEqual(order.toReversed().slice(2, 5));
  });

  it("is the order of filtered browsing", async () => {
    const { engine } = await opened(layout);
    const filters: SearchRequest["filters"] = [{ field: "tags", kind: "any", values: ["dog"] }];
    const dogs = inOrder((row) => (expected.columns["tags"]![row] as string[]).includes("dog"));
    expect(dogs.length).toBeGreaterThan(2);
    expect(rowsOf(await engine.search({ ...page, filters }))).toEqual(dogs);
    expect(rowsOf(await engine.search({ ...page, text: "tag:dog", k: 2, offset: 1 }))).toEqual(dogs.slice(1, 3));
    expect([...(await engine.matching({ filters }))!]).toEqual(dogs);
  });

  it("orders equal values of a field, but not equal ranks", async () => {
    const { engine } = await opened(layout);
    const rating = expected.columns["rating"] as (number | null)[];
    const sorted = rowsOf(await engine.search({ ...page, sort: { field: "rating", direction: "ascending" } }));
    const known = inOrder((row) => rating[row] !== null);
    expect(sorted.slice(0, known.length)).toEqual(known.toSorted((a, b) => rating[a]! - rating[b]! || order.indexOf(a) - order.indexOf(b)));
    const words = await engine.search({ ...page, text: "cat", mode: "words" });
    expect(rowsOf(words)).toEqual([3, 20, 10, 1]);
    const again = await engine.search({ ...page, text: "cat", mode: "words", sort: { field: "default", direction: "ascending" } });
    expect(rowsOf(again)).toEqual(inOrder((row) => [3, 20, 10, 1].includes(row)));
  });

  it("comes after the additions, which are newer", async () => {
    const read = { rows: (from: number, to: number) => Promise.resolve(Uint32Array.from(order.slice(from, to))), within: () => Promise.resolve(Uint32Array.of(9, 4)) };
    const resources = { count: COUNT + 2, published: COUNT, order: read } as unknown as Parameters<typeof browse>[1];
    const whole = await browse(null, resources);
    expect(whole).toMatchObject({ length: COUNT + 2, total: COUNT + 2 });
    expect(Array.from(await whole.rows(0, 5))).toEqual([COUNT + 1, COUNT, ...order.slice(0, 3)]);
    expect(Array.from(await whole.rows(1, 3))).toEqual([COUNT, order[0]]);
    expect(Array.from(await whole.rows(2, 4))).toEqual(order.slice(0, 2));
    const some = await browse(maskOf([4, 9, COUNT + 1], COUNT + 2), resources);
    expect(Array.from(await some.rows(0, some.length))).toEqual([COUNT + 1, 9, 4]);
  });

  it("that is damaged is refused", async () => {
    const { engine } = await opened({ ...layout, order: order.map((row) => (row === 3 ? 4 : row)) });
    await expect(engine.search({ ...page, text: "tag:dog" })).rejects.toThrow("names a row twice");
  });
});

describe("a site that grew", () => {
  interface Grown { coarse: number[]; ids: string[]; documents: object[]; order: number[]; fts: { query: string; results: { row: number }[] }[] }
  const grown = json<Grown>(golden, "site-grown.json");
  let engine: Engine;
  beforeAll(async () => {
    const server = serve(json<Manifest>(golden, "site-grown", "manifest.json"), new Map(), (path) => bytes(golden, "site-grown", path));
    engine = await Engine.open(BASE, { fetch: server.fetch, assets });
  });

  it("has coarse codes, by which similarities are nearly the same", async () => {
    const rough = await engine.site.rough();
    const fine = await engine.site.nearest();
    expect([rough.rough, fine.rough]).toEqual([true, false]);
    const all = grown.ids.map((_, row) => row);
    const query = await fine.embeddings([0]);
    const similarities = await rough.similarities(query, all);
    grown.coarse.forEach((similarity, row) => { expect(similarities[row]!).toBeCloseTo(similarity, 1); });
    const { rows, exact } = await rough.search(query, 5);
    expect([rows[0], exact]).toEqual([0, false]);
    expect(rows).toEqual(Uint32Array.from(all).sort((a, b) => similarities[b]! - similarities[a]!).subarray(0, 5));
    // All of the vectors have loaded, so the shorter codes are let go.
    expect(await engine.site.rough()).toBe(fine);
  });

  it("is browsed in its default order", async () => {
    expect(grown.order).not.toEqual(grown.ids.map((_, row) => row));
    expect(rowsOf(await engine.search(page))).toEqual(grown.order);
  });

  it("has its rows, ids, documents and words", async () => {
    expect((await engine.rows(grown.ids.map((_, row) => row))).map(({ id }) => id)).toEqual(grown.ids);
    expect(Buffer.from(await engine.ids()).toString("hex")).toBe(grown.ids.join(""));
    for (const [row, id] of grown.ids.entries()) {
      expect(await engine.rowOf(id)).toBe(row);
      expect(await engine.document(row)).toMatchObject(grown.documents[row]!);
    }
    const words = grown.fts.filter(({ query, results }) => /^\p{L}+$/u.test(query) && results.length);
    expect(words.length).toBeGreaterThan(1);
    for (const { query, results } of words) {
      expect(rowsOf(await engine.search({ ...page, text: query, mode: "words" })), query).toEqual(results.map(({ row }) => row));
    }
  });
});

describe("the first tiles", () => {
  const kinds = (server: Server) => server.asked.map((path) => path.replace(/^data\//, "").replace(/\..*$/, ""));

  it("need the manifest, one node per level and one block", async () => {
    const { engine, server } = await opened({ rows: 4, fanout: 2 });
    await engine.search({ mode: "all", k: 4, infos: true });
    expect(kinds(server)).toEqual(["manifest", "rows-index", "rows-index", "rows-index", "rows"]);
  });

  it("also need the first block of the default order, if there is one", async () => {
    const { engine, server } = await opened({ rows: 12, order: all.toReversed(), orderBlock: 6 });
    await engine.search({ mode: "all", k: 6, infos: true });
    expect(kinds(server)).toEqual(["manifest", "order-index", "order", "rows-index", "rows"]);
  });

  it("do not load the model, vectors, text and ids when a link leads to an image", async () => {
    const { engine, server } = await opened({ rows: 4, digits: 2, fanout: 16 });
    await engine.rows([(await engine.rowOf(expected.ids[9]!))!]);
    expect(kinds(server)).toEqual(["manifest", "ids-index", "ids-index", "ids", "rows-index", "rows"]);
  });
});

describe("vectors in several files", () => {
  it("report all their bytes as one transfer", async () => {
    const { manifest, files } = writeSite(content, { vectors: 4 });
    const server = serve(manifest, files);
    const seen: { loaded: number; total: number; done: boolean }[] = [];
    const engine = await Engine.open(BASE, { fetch: server.fetch, assets, onProgress: ({ step, ...rest }) => { if (step === "vectors") seen.push(rest); } });
    await engine.search({ like: [expected.ids[0]!], mode: "meaning" });
    const stored = [...files].filter(([path]) => /data\/(vectors|quantizer)/.test(path)).reduce((sum, [, bytes]) => sum + bytes.length, 0);
    expect(seen.at(-1)).toEqual({ loaded: stored, total: stored, done: true });
    expect(seen.filter(({ done }) => done)).toHaveLength(1);
  });

  it("are asked for again after a failure, and never answered in part", async () => {
    const { manifest, files } = writeSite(content, { vectors: 4 });
    const server = serve(manifest, files);
    const engine = await Engine.open(BASE, { fetch: server.fetch, assets });
    const last = [...files.keys()].filter((path) => path.startsWith("data/vectors.")).at(-1)!;
    server.faults.set(last, () => new Response("", { status: 404 }));
    await expect(engine.search({ like: [expected.ids[0]!], mode: "meaning", k: COUNT })).rejects.toMatchObject({ name: "LoadError" });
    server.faults.clear();
    expect((await engine.search({ like: [expected.ids[0]!], mode: "meaning", k: COUNT })).results).toHaveLength(COUNT);
  });
});
