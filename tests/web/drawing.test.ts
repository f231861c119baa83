/** Samples, batches, downloads and counts of single fields, as the Data page asks for them: the same rows as the data-set verbs. */
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";

import { open } from "../../web_assets/src/api/node";
import type { Collection } from "../../web_assets/src/api/types";
import { readDownloads } from "../../web_assets/src/format/downloads";
import { golden, json } from "./support/files";

interface Expected {
  stats: { fields: { name: string }[] };
  texts: { fields: { name: string; rows: number | null; missing: number | null }[] };
  samples: { options: { size: number; seed: number; text?: string; start?: number; end?: number }; rows: number[] }[];
  batches: { options: { size: number; validation: number; test: number; seed: number }; id: string | null; validation: number[][] }[];
}
const expected = json<Expected>(golden, "dataset.json");

describe("the Data page's methods", () => {
  let collection: Collection;
  beforeAll(async () => { collection = await open(join(golden, "site-queries")); });

  it("draw the samples of the verbs", async () => {
    const plain = expected.samples.filter(({ options: { text, start, end } }) => text === undefined && start === undefined && end === undefined);
    expect(plain.length).toBeGreaterThan(0);
    for (const { options: { size, seed }, rows } of plain) expect(await collection.sample(size, seed)).toEqual(rows);
    await expect(collection.sample(1, -1)).rejects.toThrow(RangeError);
    expect(await collection.sample(10_000, 3)).toHaveLength(collection.manifest.collection.count);
  });

  it("make the batches of the verbs", async () => {
    const named = expected.batches.filter(({ id }) => id !== null);
    expect(named.length).toBeGreaterThan(0);
    for (const { options, validation } of named) {
      const definition = { ...options, validation: Math.round(options.validation * 1e5) / 1e3, test: Math.round(options.test * 1e5) / 1e3 };
      for (const [n, rows] of validation.entries()) expect((await collection.batch(definition, "validation", n)).rows).toEqual(rows);
      const { images, rows } = await collection.batch(definition, "validation", validation.length);
      expect(rows).toEqual([]);
      expect(images[0] + images[1] + images[2]).toBe(collection.manifest.collection.count);
    }
    await expect(collection.batch({ size: 1, validation: 60, test: 60, seed: 0 }, "test", 0)).rejects.toThrow(RangeError);
  });

  it("count single fields, and texts in parts", async () => {
    for (const field of expected.stats.fields) expect((await collection.stats({ fields: [field.name] })).fields).toEqual([field]);
    const texts = expected.texts.fields.filter(({ name }) => !collection.manifest.fields.find((field) => field.name === name)!.column);
    expect(texts.length).toBeGreaterThan(0);
    const { count } = collection.manifest.collection;
    for (const { name, rows, missing } of texts) {
      const parts = await Promise.all(([[0, 7], [7, count]] as const).map(async (rows) => (await collection.stats({ texts: true, fields: [name], rows })).fields[0]!));
      expect(parts[0]!.rows! + parts[1]!.rows!).toBe(rows);
      expect(parts[0]!.missing! + parts[1]!.missing!).toBe(missing);
    }
  });

  it("give the card of the model", async () => {
    const card = await collection.modelCard();
    expect(collection.manifest.model ? [card!.description, card!.text.slice(0, 2)] : card).toEqual(collection.manifest.model ? ["A random pack for tests.", "# "] : null);
    expect(await (await open(join(golden, "site-grown"))).modelCard()).toBeNull();
  });

  it("list the downloads", async () => {
    expect(await (await open(join(golden, "site-grown"))).downloads()).toEqual([]);
    const tiny = await open(join(golden, "site-tiny"));
    const files = await tiny.downloads();
    for (const format of ["jsonl", "csv"] as const) {
      const own = files.filter((file) => file.format === format);
      expect(own.reduce((sum, { rows }) => sum + rows, 0)).toBe(tiny.manifest.collection.count);
      for (const { path, bytes, rawBytes } of own) expect([/^downloads\/metadata-\d{5}\.[0-9a-f]{16}\.(jsonl|csv)\.gz$/.test(path), bytes > 0, rawBytes > bytes]).toEqual([true, true, true]);
    }
  });

  it("refuse a damaged list of downloads", () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    const part = '{"path": "downloads/a.csv.gz", "bytes": 1, "raw_bytes": 2, "rows": 3}';
    expect(readDownloads(bytes(`{"csv": [${part}]}`), ["csv"])).toEqual([{ format: "csv", path: "downloads/a.csv.gz", bytes: 1, rawBytes: 2, rows: 3 }]);
    for (const text of ["", "null", "{}", '{"csv": 1}', '{"csv": [null]}', `{"csv": [${part.replace("3", "null")}]}`, `{"csv": [${part.replace('"downloads/a.csv.gz"', "1")}]}`]) {
      expect(readDownloads(bytes(text), ["csv"]), text).toBeNull();
    }
  });
});
