/** The Data page: what a link says, what is wrong with it, and the files that the page makes. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { open } from "../../web_assets/src/api/node";
import {
  batchesOf, batchOf, formatAddress, isFault, pageOf, parseAddress, sampleOf, splitOf, type Address, type Fault, type Kind,
} from "../../web_assets/src/ui/data/address";
import { columnsOf, fileName, written, type Format, type Item } from "../../web_assets/src/ui/data/flat";
import { itemsOf } from "../../web_assets/src/ui/data/items";
import { formatView, HOME, parseView, searchKey } from "../../web_assets/src/ui/state/view";
import { decoded, golden } from "./support/files";

const HASH = "0123456789abcdef".repeat(4);
const values = (text: string): Address["values"] => parseAddress(text).values;
const faultOf = (checked: object): Fault => {
  if (!isFault(checked)) throw new Error("There is no fault.");
  return checked;
};

describe("a link to the Data page", () => {
  it("is part of the page's links, with an open image and the layout", () => {
    const view = parseView("", "#data=sample&size=30&seed=4&view=table&image=00000000000000aa");
    expect(view).toEqual({ ...HOME, data: "data=sample&size=30&seed=4", layout: "table", image: "00000000000000aa" });
    expect(formatView(view)).toBe("#data=sample&size=30&seed=4&view=table&image=00000000000000aa");
    expect(searchKey(view)).toBe("#data=sample&size=30&seed=4");
    expect(parseView("", "#data").data).toBe("data=");
    expect(parseView("", "#q=cat").data).toBeNull();
    // Nothing is searched on the Data page.
    expect(parseView("", "#data=&q=cat&is.tags=dog&sort=taken")).toMatchObject({ text: "", filters: [], sort: null });
  });

  it("comes back as it was written", () => {
    const number = fc.nat({ max: 999_999 }).map(String);
    fc.assert(fc.property(fc.constantFrom<Kind>("sample", "page", "batches", "tag"), number, number, fc.string({ maxLength: 40 }), (kind, size, seed, name) => {
      const given = { size, seed, number: seed, validation: "12.5", test: "0", part: "test", n: "3", name: name.trim() };
      const text = formatAddress(kind, given, HASH);
      const back = parseAddress(text);
      expect(back.kind).toBe(kind);
      expect(formatAddress(kind, back.values, HASH)).toBe(text);
      expect(back.of).toBe(kind === "tag" ? null : HASH.slice(0, 12));
      // Through the address of the page.
      expect(parseView("", formatView({ ...HOME, data: text })).data).toBe(text.replaceAll("%2C", ","));
    }));
  });

  it("names everything that decides which rows are shown", () => {
    expect(formatAddress("sample", {}, HASH)).toBe("data=sample&size=24&seed=0&of=0123456789ab");
    expect(formatAddress("page", { number: "3" }, HASH)).toBe("data=page&size=100&number=3&of=0123456789ab");
    expect(formatAddress("batches", { part: "test", n: "7" }, HASH)).toBe("data=batches&size=64&validation=10&test=10&seed=0&part=test&n=7&of=0123456789ab");
    expect(formatAddress("overview", {}, HASH)).toBe("data=");
  });

  it("may have the id of batches in place of their definition", () => {
    const { values, of } = parseAddress(`data=batches&id=${HASH.slice(0, 12)}-32-12.5-0.001-4294967295&part=validation&n=2`);
    expect(batchesOf(values)).toEqual({ size: 32, validation: 12.5, test: 0.001, seed: 4294967295 });
    expect([of, values.part, values.n]).toEqual([HASH.slice(0, 12), "validation", "2"]);
    expect(faultOf(batchesOf(parseAddress("data=batches&id=nonsense").values)).fault).toContain("“nonsense” is not an id of batches");
  });

  it("never fails to be read", () => {
    fc.assert(fc.property(fc.string(), (text) => {
      const { values } = parseAddress(`data=batches&${text}`);
      batchesOf(values);
      splitOf(values);
      parseAddress(text);
    }));
    expect(parseAddress("data=other").kind).toBe("overview");
    expect(parseAddress("data=sample&of=<b>").of).toBeNull();
  });
});

describe("a definition out of range", () => {
  it.each([
    ["size=0", "size", "1 to 1000"], ["size=1001", "size", "1 to 1000"], ["size=x", "size", "1 to 1000"], ["size=1.5", "size", "1 to 1000"],
    ["validation=101", "validation", "0 to 100"], ["test=-1", "test", "0 to 100"], ["test=0.1234", "test", "3 decimals"], ["validation=", "validation", "0 to 100"],
    ["validation=60&test=60", "validation", "at most 100 %"], ["seed=4294967296", "seed", "0 to 4294967295"], ["seed=-1", "seed", "0 to 4294967295"],
  ])("of batches is named with its range: %s", (text, key, range) => {
    const { fault, key: blamed } = faultOf(batchesOf(values(`data=batches&${text}`)));
    expect(fault).toContain(range);
    expect(blamed).toBe(key);
  });

  it("of a sample is named with its range", () => {
    expect(sampleOf(values("data=sample&size=1000&seed=4294967295"))).toEqual({ size: 1000, seed: 4294967295 });
    expect(faultOf(sampleOf(values("data=sample&size=0")))).toMatchObject({ key: "size", fault: "The size of a sample must be a whole number from 1 to 1000." });
    expect(faultOf(sampleOf(values("data=sample&seed=1e3")))).toMatchObject({ key: "seed" });
  });

  it("of a page or a batch says which numbers there are, and which is the nearest", () => {
    expect(pageOf(values("data=page&size=25&number=4"), 100)).toEqual({ size: 25, number: 4, pages: 4 });
    expect(faultOf(pageOf(values("data=page&size=25&number=9"), 100))).toEqual({ key: "number", fault: "There is no page 9: the pages are 1 to 4.", instead: "4" });
    expect(faultOf(pageOf(values("data=page&number=0"), 100)).instead).toBe("1");
    expect(faultOf(pageOf(values("data=page"), 0)).instead).toBeUndefined();
    expect(batchOf(values("data=batches&n=3"), "train", 4)).toEqual({ n: 3 });
    expect(faultOf(batchOf(values("data=batches&n=4"), "test", 4))).toEqual({ key: "n", fault: "There is no test batch 4: the numbers are 0 to 3.", instead: "3" });
    expect(faultOf(batchOf(values("data=batches&n=0"), "test", 0)).fault).toContain("no batches");
    expect(faultOf(splitOf(values("data=batches&part=dev"))).fault).toContain("train, validation and test");
  });
});

describe("the files that the page makes", () => {
  const site = join(golden, "site-tiny");
  const published = (format: Format): string[] => readdirSync(join(site, "downloads")).filter((name) => name.endsWith(`.${format}.gz`)).sort()
    .map((name) => new TextDecoder().decode(decoded(site, "downloads", name)));

  it("have the lines of the site's own downloads", async () => {
    const collection = await open(site);
    const rows = Array.from({ length: collection.manifest.collection.count }, (_, row) => row);
    const base = new URL("./", `file://${site}/`).href;
    const items = await itemsOf({ base }, collection, rows, () => undefined, new AbortController().signal);
    const columns = columnsOf(collection.manifest);
    const csv = written("csv", columns, items).trimEnd().split("\n");
    // Each of the site's files repeats the names; Python writes 2.0 where JavaScript writes 2.
    const lines = published("csv").flatMap((text, i) => text.trimEnd().split("\n").slice(i ? 1 : 0)).map((line) => line.replace(/(?<=,)(-?\d+)\.0(?=,)/g, "$1"));
    expect(csv).toEqual(lines);
    expect(csv.length).toBeGreaterThan(20);
    const known = (line: string): unknown => Object.fromEntries(Object.entries(JSON.parse(line) as Record<string, unknown>).filter(([, value]) => value !== null));
    const made = written("jsonl", columns, items).trimEnd().split("\n");
    expect(made.map(known)).toEqual(published("jsonl").flatMap((text) => text.trimEnd().split("\n")).map(known));
    expect(Object.keys(JSON.parse(made[0]!) as object)).toEqual(columns.map(({ name }) => name));
    expect(made[1]).not.toContain("null");
  });

  it("keep the order of the rows, and stop when they are no longer wanted", async () => {
    const collection = await open(site);
    const done: number[] = [];
    const items = await itemsOf({ base: "https://example.org/" }, collection, [7, 0, 3], (number) => done.push(number), new AbortController().signal);
    expect(items.map(({ document }) => document.id)).toEqual(await Promise.all([7, 0, 3].map(async (row) => (await collection.document(row)).id)));
    expect(done).toEqual([1, 2, 3]);
    await expect(itemsOf({ base: "" }, collection, [1], () => undefined, AbortSignal.abort(new Error("cancelled")))).rejects.toThrow("cancelled");
  });

  const item = (fields: Item["document"]["fields"]): Item => ({ document: { id: "00000000000000aa", path: "a,b.jpg", width: 0, height: 0, fields }, thumbnail: null });
  const field = (name: string) => ({ name, label: name, type: "text" as const, fts: false, facet: false, column: false });
  const bare = { thumbnails: { size: 1, extension: "bin" as const, count: 0, bytes: 0 }, views: null, originals: "none" as const, remote: null };

  it("are safe for spreadsheets", () => {
    const columns = columnsOf({ ...bare, fields: [field("text")] });
    for (const sign of ["=", "+", "-", "@", "\t"]) expect(written("csv", columns, [item({ text: `${sign}1` })])).toBe(`id,path,text\n00000000000000aa,"a,b.jpg",'${sign}1\n`);
    expect(written("csv", columns, [item({ text: 'say "x",\nthen y' })])).toContain('"say ""x"",\nthen y"\n');
    expect(written("csv", columns, [item({ text: -1 }), item({ text: true }), item({ text: ["a", "b"] }), item({})]).split("\n").map((line) => line.split(",").at(-1)))
      .toEqual(["text", "-1", "true", "a; b", "", ""]);
  });

  it("give a field another name if its own is taken, and know names that objects inherit", () => {
    const columns = columnsOf({ ...bare, fields: [field("id"), field("id_"), field("constructor"), field("12")] });
    expect(columns.map(({ name }) => name)).toEqual(["id", "path", "id__", "id_", "constructor", "12"]);
    expect(written("jsonl", columns, [item({ "12": "twelve" })])).toBe('{"id":"00000000000000aa","path":"a,b.jpg","id__":null,"id_":null,"constructor":null,"12":"twelve"}\n');
    expect(written("jsonl", columns, [])).toBe("");
  });

  it("are named after the collection", () => {
    expect(fileName("csv", "Tate: 69,202 artworks", "train batch 3 abc-64")).toBe("tate-69-202-artworks-train-batch-3-abc-64.csv");
    expect(fileName("jsonl", "../../etc", "猫")).toBe("etc-猫.jsonl");
    expect(fileName("csv", "///")).toBe("data.csv");
  });
});
