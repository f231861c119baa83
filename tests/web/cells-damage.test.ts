/** Files of the tier `cells` that are damaged, missing or do not fit: refused by name, and a search answers from the others. */
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FormatError, LoadError, readManifest, type CellsEntry, type FileEntry, type Manifest, type Section } from "../../web_assets/src/format";
import { readCellGroup, readCellIndex, readCellSizes, readCellVectors, readRowCells, readSample } from "../../web_assets/src/format/cells";
import { readContainer } from "../../web_assets/src/format/container";
import { checkCells } from "../../web_assets/src/format/read-cells-entry";
import { maskOf } from "../../web_assets/src/engine/mask";
import { golden, json } from "./support/files";
import { plainSearch, writeCells } from "./support/cells";
import { openCells } from "./support/open-cells";
import { container } from "./support/writer";

const written = writeCells({ seed: 3, tail: 6, missing: [2], drawn: true });
const { entry, files, plain } = written;
const { count, dim } = plain;
const DIMS = dim - 2;
const contents = [...files.stored].map(([path, bytes]) => ({ path, content: new Uint8Array(bytes[0] === 0x1f ? gunzipSync(bytes) : bytes) }));
const all = (name: string) => contents.filter(({ path }) => path.startsWith(`data/${name}.`)).map(({ content }) => content);
const contentOf = ({ path }: FileEntry): Uint8Array => contents.find((file) => file.path === path)!.content;
const headerOf = (content: Uint8Array, kind: string) => readContainer(content, kind).header as Record<string, number>;

const index = contentOf(entry.cells.file);
const sizes = contentOf(entry.cells.sizes);
const readSizes = (content: Uint8Array) => readCellSizes(content, entry, count - 1);
const known = readSizes(sizes);
const scheme = readContainer(contentOf(entry.coarse.file), "coarse");
const rowBits = (scheme.sections.get("bits") as Uint8Array).reduce((sum, width) => sum + width, 0);
const shape = { dim, rowBits, rowBytes: scheme.header["row_bytes"] as number };
const numberOf = (group: Uint8Array): number => known.groupStarts.indexOf(headerOf(group, "cell-codes")["first"]!);
const groups = all("cell-codes").sort((a, b) => numberOf(a) - numberOf(b));
const [group, tail] = [groups.find((one) => headerOf(one, "cell-codes")["cells"]! > 1)!, groups.at(-1)!];
const vectors = all("cell-vectors").find((content) => headerOf(content, "cell-vectors")["count"]! > 1)!;
const about = headerOf(vectors, "cell-vectors");
const rowCells = all("row-cells")[0]!;
const sample = contentOf(entry.sample.pictures!.file);

const READERS: Record<string, [content: Uint8Array, read: (content: Uint8Array) => unknown, kind: string]> = {
  index: [index, (content) => readCellIndex(content, entry, DIMS), "cells"],
  sizes: [sizes, readSizes, "cell-sizes"],
  group: [group, (content) => readCellGroup(content, numberOf(group), known, shape, count), "cell-codes"],
  tail: [tail, (content) => readCellGroup(content, groups.length - 1, known, shape, count), "cell-codes"],
  vectors: [vectors, (content) => readCellVectors(content, about["cell"]!, about["first"]!, about["count"]!, dim, true), "cell-vectors"],
  rowCells: [rowCells, (content) => readRowCells(content, 0, count, plain.cells.length), "row-cells"],
  sample: [sample, (content) => readSample(content, entry.sample.pictures!.count, dim), "sample"],
};

/** A file with another header or other sections; a section that is null is left out. */
function changed(name: string, header: Record<string, unknown>, sections: Record<string, Section | null> = {}): Uint8Array {
  const [content, , kind] = READERS[name]!;
  const { header: own, sections: before } = readContainer(content, kind);
  const given = Object.entries({ ...Object.fromEntries(before), ...sections }).filter((pair): pair is [string, Section] => pair[1] !== null);
  return container(kind, { ...own, ...header }, Object.fromEntries(given));
}

/** A copy of a section with one value replaced. */
function replaced<T extends Section>(name: string, section: string, place: number, value: number): Record<string, T> {
  const [content, , kind] = READERS[name]!;
  const copy = readContainer(content, kind).sections.get(section)!.slice() as T;
  copy[place < 0 ? copy.length + place : place] = value;
  return { [section]: copy };
}

describe("files that break a rule", () => {
  it.each(Object.keys(READERS))("are not the unchanged ones: %s", (name) => {
    const [content, read] = READERS[name]!;
    expect(read(content)).toBeTruthy();
    expect(read(changed(name, {}))).toEqual(read(content));
  });

  it.each<[string, Record<string, unknown>, Record<string, Section | null>]>([
    ["index", { cells: 21 }, {}], ["index", { dim: 11 }, {}], ["index", { dims: 7 }, {}], ["index", { code_bytes: 1 }, {}],
    ["index", { reach_step: -0.1 }, {}], ["index", { reach_step: "1" }, {}], ["index", { reach_step: 2e6 }, {}], ["index", { reach_step: null }, {}],
    ["index", {}, replaced("index", "bits", 0, 8)], ["index", {}, replaced("index", "steps", 0, 0)], ["index", {}, replaced("index", "steps", 0, Infinity)],
    ["index", {}, replaced("index", "row_scale", 0, NaN)], ["index", {}, replaced("index", "row_scale", 0, -1)], ["index", {}, { reach: new Uint8Array(3) }], ["index", {}, { codes: null }],
    ["sizes", { cells: 19 }, {}], ["sizes", { groups: 1 }, {}], ["sizes", { tail: 2 }, {}], ["sizes", { tail: 0 }, {}],
    ["sizes", {}, replaced("sizes", "sizes", 0, 1000)], ["sizes", {}, replaced("sizes", "group_cells", 0, 0)], ["sizes", {}, replaced("sizes", "group_cells", -1, 2)],
    ["group", { first: 77 }, {}], ["group", { cells: 1 }, {}], ["group", { count: 1 }, {}], ["group", { row_bytes: 1 }, {}], ["group", { dim: 9 }, {}],
    ["group", {}, replaced("group", "centres", 0, -128)], ["group", {}, { centres: null }], ["group", {}, replaced("group", "rows", 0, 300)],
    ["group", {}, replaced("group", "factors", 0, 0)], ["group", {}, { codes: new Uint8Array(2) }], ["tail", {}, replaced("tail", "near", 0, 20)], ["tail", {}, { near: null }],
    ["vectors", { cell: 40 }, {}], ["vectors", { first: 99 }, {}], ["vectors", { count: 9 }, {}], ["vectors", { dim: 9 }, {}],
    ["vectors", {}, replaced("vectors", "scales", 0, 0)], ["vectors", {}, replaced("vectors", "codes", 0, -128)],
    ["vectors", {}, { id: new Uint8Array(7) }], ["vectors", {}, { width: null }], ["vectors", {}, { placeholder: new Uint8Array(31) }], ["vectors", {}, { offset: new Int32Array(about["count"]!) }],
    ["rowCells", { first: 1 }, {}], ["rowCells", { count: 1 }, {}], ["rowCells", {}, replaced("rowCells", "cells", 0, 21)],
    ["sample", { count: 1 }, {}], ["sample", { dim: 9 }, {}], ["sample", {}, replaced("sample", "codes", 0, -128)],
  ])("are refused: %s with %o", (name, header, sections) => {
    const [, read] = READERS[name]!;
    expect(() => read(changed(name, header, sections))).toThrow(FormatError);
  });

  it("are refused: a row that lies in a group twice", () => {
    const rows = readContainer(group, "cell-codes").sections.get("rows") as Uint32Array;
    expect(() => READERS["group"]![1](changed("group", {}, replaced("group", "rows", 0, rows[1]!)))).toThrow("twice");
  });

  it("are refused: bits after a code", () => {
    expect(rowBits % 8).toBeGreaterThan(0);
    expect(() => READERS["group"]![1](changed("group", {}, replaced("group", "codes", shape.rowBytes - 1, 255)))).toThrow("after a coarse code");
    expect(() => READERS["index"]![1](changed("index", {}, replaced("index", "codes", -1, 255)))).toThrow("after a coarse code");
  });

  it("are read or refused with any bytes changed or cut off, nothing else", () => {
    fc.assert(fc.property(fc.constantFrom(...Object.keys(READERS)), fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(), fc.boolean(), (name, at, value, end, cut) => {
      const [content, read] = READERS[name]!;
      const copy = content.slice(0, cut ? end % content.length : content.length);
      if (copy.length) copy[at % copy.length] = value;
      try {
        read(copy);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
    }), { numRuns: 3000 });
  });
});

describe("a manifest with cells", () => {
  const base = json<Manifest>(golden, "site-tiny", "manifest.json");
  const total = base.collection.count;
  const small = writeCells({ seed: 5, rows: total, cells: 4, tail: 2 }).entry;
  const read = (change: (vectors: CellsEntry) => void) => {
    const vectors = structuredClone(small);
    change(vectors);
    const manifest = readManifest({ ...base, vectors });
    checkCells(manifest.vectors as CellsEntry);
    return manifest;
  };

  it("is read", () => {
    expect(read(() => undefined).vectors).toEqual(small);
    expect(read((v) => { v.sample = { pictures: null, texts: v.sample.pictures }; v.source = "texts"; }).vectors!.source).toBe("texts");
  });

  it.each<[string, (vectors: CellsEntry) => void]>([
    ["“shells/int8”", (v) => { (v as { tier: string }).tier = "shells"; }], ["vectors.count", (v) => { v.count++; }], ["“count”", (v) => { v.cells.count = 0; }],
    ["“count”", (v) => { v.cells.count = 65_535; }], ["“least”", (v) => { v.cells.least = 0; }], ["“most”", (v) => { v.cells.most = v.cells.least - 1; }],
    ["“most”", (v) => { v.cells.most = 65_536; }], ["“rows_per_file”", (v) => { v.cells.rows_per_file = 0; }], ["“rows_per_file”", (v) => { v.cells.rows_per_file = 65_537; }],
    ["vectors.cells.drawn", (v) => { (v.cells as { drawn: unknown }).drawn = false; }], ["vectors.cells.drawn", (v) => { (v.cells as { drawn: unknown }).drawn = 1; }],
    ["vectors.cells.file", (v) => { v.cells.file = {} as FileEntry; }], ["vectors.cells.sizes", (v) => { v.cells.sizes = {} as FileEntry; }],
    ["vectors.coarse.file", (v) => { v.coarse.file = {} as FileEntry; }], ["“coarse”", (v) => { delete (v as Partial<CellsEntry>).coarse; }],
    ["vectors.groups", (v) => { v.groups.count = 6; }], ["vectors.files", (v) => { v.files.count = total + 1; }], ["“groups”", (v) => { delete (v as Partial<CellsEntry>).groups; }],
    ["vectors.row_cells.block", (v) => { v.row_cells.block = 4096; }], ["vectors.row_cells.files", (v) => { v.row_cells.files.count = 2; }],
    ["vectors.sample.pictures.count", (v) => { v.sample.pictures!.count--; }], ["“pictures”", (v) => { v.sample.pictures = null; }],
    ["vectors.sample.texts", (v) => { v.sample.texts = v.sample.pictures; }], ["“sample”", (v) => { delete (v as Partial<CellsEntry>).sample; }],
    ["vectors.quantizer", (v) => { v.quantizer = {} as FileEntry; }], ["vectors.texts", (v) => { v.source = "both"; }],
  ])("is refused by naming %s", (name, change) => {
    expect(() => read(change)).toThrow(FormatError);
    expect(() => read(change)).toThrow(name);
  });
});

describe("a shard that cannot be loaded", () => {
  const query = Float32Array.from({ length: dim }, (_, k) => Math.sin(k + 1));
  const gone = () => new Response("no such file", { status: 404 });
  const paths = (start: string) => contents.map(({ path }) => path).filter((path) => path.startsWith(`data/${start}.`));
  const wanted = plainSearch(plain, query, 20, null);

  it("leaves out its rows, and the answer says so and names it", async () => {
    const { nearest, server } = await openCells(written);
    await nearest.search(query, 1);
    const broken = server.asked.find((path) => path.startsWith("data/cell-codes."))!;
    const again = await openCells(written);
    again.server.faults.set(broken, gone);
    const found = await again.nearest.search(query, 20);
    expect(found.lost).toContain(broken);
    expect(found.lost).toMatch(/^Part of the vectors could not be loaded/);
    expect(found.rows.length).toBeGreaterThan(0);
    expect(found.rows.length).toBeLessThan(wanted.rows.length + 1);
    const lost = new Set(readContainer(contents.find(({ path }) => path === broken)!.content, "cell-codes").sections.get("rows"));
    expect([...found.rows].some((row) => lost.has(row))).toBe(false);
    // Rows to leave out cannot be guessed.
    await expect(again.nearest.above(query, -1)).rejects.toThrow(broken);
    // When it is there again, the next search has it.
    again.server.faults.clear();
    const whole = await again.nearest.search(query, 20);
    expect([...whole.rows]).toEqual(wanted.rows);
    expect(whole.lost).toBeUndefined();
  });

  it("is asked for again if its hash is another one, and named if it stays so", async () => {
    const { nearest, server } = await openCells(written);
    await nearest.search(query, 1);
    const [broken, other] = server.asked.filter((path) => path.startsWith("data/cell-codes."));
    const again = await openCells(written);
    let times = 0;
    again.server.faults.set(broken!, () => {
      times++;
      return new Response(files.stored.get(other!)!);
    });
    const found = await again.nearest.search(query, 20);
    expect(times).toBeGreaterThan(1);
    expect(found.lost).toContain(broken!);
  });

  it("leaves rows in their rough order if it is a vector file", async () => {
    const { nearest, server } = await openCells(written);
    for (const path of paths("cell-vectors")) server.faults.set(path, gone);
    const found = await nearest.search(query, 20);
    expect(found.lost).toContain("data/cell-vectors.");
    expect(found.rows.length).toBe(20);
    expect([...found.similarities]).toEqual([...found.similarities].sort((a, b) => b - a));
    await expect(nearest.embeddings([found.rows[0]!])).rejects.toThrow(LoadError);
  });

  it("fails the search if no other one is left", async () => {
    const { nearest, server } = await openCells(written);
    for (const path of paths("cell-codes")) server.faults.set(path, gone);
    await expect(nearest.search(query, 5)).rejects.toThrow("data/cell-codes.");
    await expect(nearest.search(query, 5, maskOf([5, 7], count))).rejects.toThrow(LoadError);
    const again = await openCells(written);
    for (const path of paths("row-cells")) again.server.faults.set(path, gone);
    await expect(again.nearest.search(query, 5, maskOf([5, 7], count))).rejects.toThrow("data/row-cells.");
    expect((await again.nearest.search(query, 5)).rows.length).toBe(5);
  });

  it("is named if its content is not what the others say", async () => {
    const other = writeCells({ seed: 3, tail: 6, missing: [2], drawn: true });
    // The list names a group of another place.
    const groupEntries = paths("cell-codes").map((path) => {
      const bytes = files.stored.get(path)!;
      return { file: other.files.keep(path, bytes), first: headerOf(contents.find((file) => file.path === path)!.content, "cell-codes")["first"]! };
    }).sort((a, b) => a.first - b.first).map(({ file }) => file);
    const [a, b] = [groupEntries[0]!, groupEntries[1]!];
    // A list gives paths from hashes, so the files have their own names there.
    const swapped = { ...entry, groups: other.files.list("data/cell-codes", [b, a, ...groupEntries.slice(2)], 4) };
    const { nearest } = await openCells({ ...other, entry: swapped });
    const found = await nearest.search(query, 9999);
    expect(found.lost).toMatch(/data\/cell-codes\.[0-9a-f]{16}\.bin: /);
    expect(found.rows.length).toBeGreaterThan(0);
  });
});
