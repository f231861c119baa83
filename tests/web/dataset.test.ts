/** The data-set verbs say the same as in Python (tests/golden/dataset.json). */
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ImageCollection } from "../../web_assets/src/api/library";
import { open } from "../../web_assets/src/api/node";
import { definitionId, definitionOf, invalid } from "../../web_assets/src/base/definition";
import { golden, json } from "./support/files";

interface Expected {
  stats: unknown;
  texts: unknown;
  tags: Record<string, unknown>;
  samples: { options: { size: number; seed: number; text?: string; start?: number; end?: number }; rows: number[] }[];
  batches: { options: { size: number; validation: number; test: number; seed: number }; id: string | null; validation: number[][] }[];
  page: number[];
}
const expected = json<Expected>(golden, "dataset.json");
const HASH = "0123456789abcdef".repeat(4);

describe("the verbs", () => {
  let collection: ImageCollection;
  beforeAll(async () => { collection = new ImageCollection(await open(join(golden, "site-queries"))); });

  it("count fields as Python does, key for key", async () => {
    expect(JSON.stringify(await collection.stats())).toEqual(JSON.stringify(expected.stats));
    expect(JSON.stringify(await collection.stats({ limit: 2, texts: true }))).toEqual(JSON.stringify(expected.texts));
    await expect(collection.stats({ limit: 1001 })).rejects.toThrow("limit");
  });

  it("look up tags", async () => {
    for (const [name, tags] of Object.entries(expected.tags)) expect(await collection.tag(name), name).toEqual(tags);
  });

  it("sample and page", async () => {
    for (const { options: { size, ...options }, rows } of expected.samples) {
      expect((await collection.random(size, options)).map(({ row }) => row)).toEqual(rows);
    }
    expect((await collection.page(3, { size: 25 })).map(({ row }) => row)).toEqual(expected.page);
    for (const [number, size] of [[0, 10], [7, 10], [1, 0], [1.5, 10]] as const) await expect(collection.page(number, { size })).rejects.toThrow(RangeError);
  });

  it("name batches", async () => {
    for (const { options, id, validation } of expected.batches) {
      const made = await collection.batches(options);
      expect(made.id).toEqual(id);
      expect(validation.map((_, n) => made.batch("validation", n).map(({ row }) => row))).toEqual(validation);
      if (id) expect((await collection.batchesOf(id)).images).toEqual(made.images);
    }
    await expect(collection.batchesOf("nonsense")).rejects.toThrow(RangeError);
  });
});

describe("ids of batches", () => {
  it("are their definitions", () => {
    const definition = { size: 32, validation: 12.5, test: 0.001, seed: 4294967295 };
    const id = definitionId(definition, HASH);
    expect(id).toBe("0123456789ab-32-12.5-0.001-4294967295");
    expect(definitionOf(id, HASH)).toEqual(definition);
    expect(definitionOf(id, "f".repeat(64))).toBeNull();
    for (const other of ["-0-10-10-0", "-64-010-10-0", "-64-10.0-10-0", "-64-60-60-0", "-64-10-10"]) expect(definitionOf(HASH.slice(0, 12) + other, HASH)).toBeNull();
  });

  it("have a range", () => {
    const fine = { size: 64, validation: 10, test: 10, seed: 0 };
    expect(invalid(fine)).toBeNull();
    for (const wrong of [{ size: 0 }, { size: 1001 }, { size: 1.5 }, { test: -1 }, { validation: 95 }, { test: NaN }, { test: 0.0001 }, { seed: -1 }, { seed: 2 ** 32 }]) {
      expect(invalid({ ...fine, ...wrong }), JSON.stringify(wrong)).toMatch(/must|whole/);
    }
  });
});
