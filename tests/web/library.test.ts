/** The public library over the golden site, in Node: the sources of `imagedb.js`, without its build. */
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { hashId, shuffled, split, type Part } from "../../web_assets/src/base/batches";
import { ImageCollection } from "../../web_assets/src/api/library";
import { open } from "../../web_assets/src/api/node";
import { golden, json } from "./support/files";

interface Batched {
  ids: string[];
  hash: number[];
  split: { validation: number; test: number; seed: number; parts: Record<Part, number[]> }[];
  sample: { seed: number; rows: number[] };
}

const expected = json<Batched>(golden, "batches.json");
const bytes = Uint8Array.from(expected.ids.join("").match(/../g)!, (pair) => parseInt(pair, 16));
const { ids, images } = json<{ ids: string[]; images: Record<string, number[]> }>(golden, "queries.json");

describe("splits", () => {
  it("are the same as in Python", () => {
    expect([expected.hash.length, expected.split.length]).toEqual([8, 3]);
    expect(expected.hash.map((_, row) => hashId(bytes, row, 7, 0))).toEqual(expected.hash);
    for (const { parts, ...options } of expected.split) expect(split(bytes, options)).toEqual(parts);
    const { seed, rows } = expected.sample;
    expect(shuffled(bytes, rows.toSorted((a, b) => a - b), seed)).toEqual(rows);
  });

  it("refuse invalid options", () => {
    for (const options of [{ test: 1.1 }, { validation: -0.1 }, { validation: 0.6, test: 0.6 }, { test: NaN }, { seed: -1 }, { seed: 0.5 }]) {
      expect(() => split(bytes, options), JSON.stringify(options)).toThrow(RangeError);
    }
  });
});

describe("a collection", () => {
  let collection: ImageCollection;
  beforeAll(async () => { collection = new ImageCollection(await open(join(golden, "site-queries"))); });

  it("finds images with everything needed to show them", async () => {
    const { hits, total, stage } = await collection.search("old lighthouse", { mode: "words", k: 3 });
    expect(stage).toBe("final");
    expect(total).toBeGreaterThan(1);
    expect(hits[0]!.document).toMatchObject({ path: "picture-16.bmp", fields: { title: "The old lighthouse by the sea" } });
    expect(hits[0]!).toMatchObject({ id: hits[0]!.document.id, matched: ["old", "lighthouse"], ranks: { words: 0 } });
    expect(hits[0]!.width).toBeGreaterThan(0);
  });

  it("takes the number of hits from the text, and gives later pages", async () => {
    expect((await collection.search("sea k:3")).hits).toHaveLength(3);
    expect((await collection.search("")).hits).toHaveLength(20);
    const all = await collection.search("sea", { k: 10 });
    const page = await collection.search("sea", { k: 5, offset: 5 });
    expect(page.hits.map(({ row }) => row)).toEqual(all.hits.slice(5).map(({ row }) => row));
  });

  it("accepts pictures as queries", async () => {
    const named = { "one.jpg": Float32Array.from(images["one.jpg"]!) };
    const mixed = await collection.search("image:one.jpg + winter", { images: named, k: 5 });
    expect(mixed.hits).toHaveLength(5);
    await expect(collection.search("image:other.jpg", { images: named })).rejects.toThrow("No embedding was given for image:other.jpg");
    expect((await collection.similar(named["one.jpg"]!, { k: 4 })).hits).toHaveLength(4);
  });

  it("finds similar images, but not the image itself", async () => {
    const { hits } = await collection.similar(ids[3]!, { k: 35 });
    expect(hits).toHaveLength(35);
    expect(hits.map(({ id }) => id)).not.toContain(ids[3]);
    const rest = await collection.similar(ids[3]!, { k: 5, offset: 10 });
    expect(rest.hits.map(({ id }) => id)).toEqual(hits.slice(10, 15).map(({ id }) => id));
    await expect(collection.similar("0000000000000000")).rejects.toThrow("no image");
  });

  it("counts values", async () => {
    const facets = await collection.facets("place", { text: "rating>0", limit: 3 });
    expect(facets).toHaveLength(3);
    const { total } = await collection.search(`rating>0 place:"${facets[0]!.value.replaceAll('"', "")}"`);
    expect(facets[0]!.count).toBe(total);
  });

  it("gives seeded samples", async () => {
    const sample = await collection.random(5, { seed: 9 });
    expect(new Set(sample.map(({ id }) => id)).size).toBe(5);
    expect((await collection.random(5, { seed: 9 })).map(({ id }) => id)).toEqual(sample.map(({ id }) => id));
    expect((await collection.random(5, { seed: 10 })).map(({ id }) => id)).not.toEqual(sample.map(({ id }) => id));
    const winter = await collection.random(100, { text: "tag:winter" });
    expect(winter.length).toBeGreaterThan(0);
    for (const { document } of winter) expect(document.fields["tags"]).toContain("winter");
    await expect(collection.random(1, { seed: -1 })).rejects.toThrow(RangeError);
  });

  it("makes batches of all images", async () => {
    const batches = await collection.batches({ size: 8, validation: 0.25, test: 0.25, seed: 1 });
    const all = (["train", "validation", "test"] as const).flatMap((part) =>
      Array.from({ length: batches.count[part] }, (_, n) => batches.batch(part, n)).flat());
    expect(all.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(all.every(({ row, id }) => ids[row] === id)).toBe(true);
    expect(batches.collection).toBe(collection.manifest.collection.hash);
    expect(() => batches.batch("test", 99)).toThrow("no test batch 99");
    await expect(collection.batches({ size: 0 })).rejects.toThrow(RangeError);
  });

  it("can be cancelled", async () => {
    const reason = new Error("enough");
    for (const call of [
      (signal: AbortSignal) => collection.search("sea", { signal }),
      (signal: AbortSignal) => collection.similar(ids[0]!, { signal }),
      (signal: AbortSignal) => collection.facets("place", { signal }),
      (signal: AbortSignal) => collection.random(3, { signal }),
    ]) {
      const controller = new AbortController();
      const running = call(controller.signal);
      controller.abort(reason);
      await expect(running).rejects.toBe(reason);
    }
    expect((await collection.search("sea", { k: 1 })).hits).toHaveLength(1);
  });

  it("finds images by id", async () => {
    expect((await collection.image(ids[5]!))!.row).toBe(5);
    expect(await collection.image("ffffffffffffffff")).toBeNull();
    expect(await collection.thumbnail({ thumbnail: null })).toBeNull();
  });
});
