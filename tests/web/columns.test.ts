/** Columns in blocks, their values, the additions of a visitor beside them, orders, and damaged files. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { OverlaidColumn } from "../../web_assets/src/additions/columns";
import type { ColumnSource } from "../../web_assets/src/engine/column-source";
import { columnOf } from "../../web_assets/src/engine/column-of";
import { SiteColumn } from "../../web_assets/src/engine/columns";
import { facetCounts } from "../../web_assets/src/engine/facets";
import { runsTaken } from "../../web_assets/src/engine/runs";
import { conditionMask, filterRows } from "../../web_assets/src/engine/filters";
import { maskOf, rowsOf } from "../../web_assets/src/engine/mask";
import { parse, valueKeys, valueTest } from "../../web_assets/src/engine/query";
import { SiteResources } from "../../web_assets/src/engine/resources";
import { sortPlaces } from "../../web_assets/src/engine/sort";
import {
  FileList, FormatError, joinColumns, readColumnsIndex, readManifest, readValueNames, readValuesHead, readValueSets,
  type ColumnEntry, type FieldDefinition, type ValuesEntry,
} from "../../web_assets/src/format";
import { bytes, decoded, golden, json } from "./support/files";
import { assets, BASE } from "./support/site";

const folder = [golden, "site-queries"].join("/");
const manifest = readManifest(json<Record<string, unknown>>(golden, "site-queries", "manifest.json"));
const read = (path: string) => decoded(folder, path);
const index = readColumnsIndex(read(manifest.columns!.path), manifest.fields, manifest.collection.count);
const tags = manifest.fields.find(({ name }) => name === "tags")!;
const entry = index.get("tags")! as ColumnEntry & { values: ValuesEntry };
const serve: typeof fetch = (input) => Promise.resolve(new Response(bytes(folder, decodeURIComponent(String(input).slice(BASE.length)))));

describe("a column in blocks", () => {
  let source: ColumnSource;
  let loaded: string[] = [];
  beforeAll(async () => {
    const fetch: typeof serve = (input) => {
      loaded.push(String(input).slice(BASE.length));
      return serve(input);
    };
    source = await (await SiteResources.open(BASE, { fetch, assets })).columnSource("tags");
  });

  it("has several, and values of its own", () => {
    expect(source.blocks.length).toBeGreaterThan(4);
    expect(source.values!.count).toBeGreaterThan(10);
    expect(entry.values.names.count).toBeGreaterThan(1);
    expect(entry.values.sets.length).toBeGreaterThan(2);
  });

  it("is filtered and counted by values without loading a block", async () => {
    loaded = [];
    const find = async (value: string) => rowsOf(await source.values!.rows(valueTest(tags, [value]), valueKeys(tags, [value])));
    const counts = await facetCounts(source, tags, null, 5);
    for (const { value, count } of counts) {
      expect(await source.values!.countOf(value)).toBe(count);
      expect((await find(value)).length).toBeGreaterThanOrEqual(count);
    }
    expect(await source.values!.countOf("nothing of the kind")).toBe(0);
    const blocks = new Set(entry.files.map(({ path }) => path));
    expect(loaded.length).toBeGreaterThan(2);
    expect(loaded.filter((path) => blocks.has(path))).toEqual([]);
  });

  it("finds values by their beginning in the names", async () => {
    const all = (await source.values!.all()).map(({ value }) => value);
    for (const start of ["bl", "d", "20", ""]) {
      const found = (await source.values!.starting(start)).map(({ value }) => value);
      if (start) expect(found.sort()).toEqual(all.filter((value) => value.toLowerCase().startsWith(start)).sort());
      else expect(found.length).toBeGreaterThan(0);
    }
  });

  it("loads what was not loaded before only once", async () => {
    await source.whole();
    loaded = [];
    await source.whole();
    await source.values!.all();
    await source.values!.all();
    expect(new Set(loaded).size).toBe(loaded.length);
  });

  it("counts a few rows of large blocks from their documents", async () => {
    const resources = await SiteResources.open(BASE, { fetch: serve, assets });
    const large = { ...entry, files: entry.files.map((file) => ({ ...file, bytes: 1e6 })) };
    const count = manifest.collection.count;
    const documents = { block: 128, read: (row: number) => resources.document(row) };
    const column = new SiteColumn(large, tags, count, { load: () => Promise.reject(new Error("A block was loaded.")), list: () => null } as never, documents);
    const mask = maskOf([0, 5, 17, count - 1], count);
    expect(await facetCounts(column, tags, mask, 9)).toEqual(await facetCounts(source, tags, mask, 9));
    await expect(facetCounts(new SiteColumn(entry, tags, count, { load: () => Promise.reject(new Error("A block was loaded.")), list: () => null } as never, documents), tags, mask, 9)).rejects.toThrow("block");
  });

  it("counts tags of a large collection in the runs that the golden file names", async () => {
    for (const { rows, tags: ofTags, taken } of json<{ rows: number[]; tags: boolean; taken: number[] | null }[]>(golden, "runs.json")) {
      expect(runsTaken(rows, ofTags)).toEqual(taken);
    }
    const [run, count] = [65_536, 1_000_000];
    const asked: number[] = [];
    const starts = Array.from({ length: Math.ceil(count / run) }, (_, place) => ({ first: place * run, count: Math.min(run, count - place * run), zone: undefined }));
    const large: ColumnSource = {
      count, known: count, blocks: starts, bytes: 0, values: null, pick: () => null, whole: () => Promise.reject(new Error("All was loaded.")),
      block: (place) => {
        asked.push(place);
        return Promise.resolve(columnOf(tags, Array.from({ length: starts[place]!.count }, (_, row) => ((starts[place]!.first + row) % 200 ? ["all"] : ["all", "some"]))));
      },
    };
    const every = (step: number) => maskOf(Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step), count);
    const found = await facetCounts(large, tags, every(100), 9);
    expect(asked).toEqual([0, 4, 8, 12]);
    expect(found).toEqual([{ value: "all", count: 10_000, about: true }, { value: "some", count: expect.closeTo(5000, -2) as number, about: true }]);
    // Few rows are counted one by one.
    expect((await facetCounts(large, tags, every(4000), 9))[0]).toEqual({ value: "all", count: 250 });
  });

  it("has the additions of a visitor as one more block", async () => {
    const added = columnOf(tags, [["quite new"], [], ["dog", "quite new"]]);
    const both = new OverlaidColumn(source, added);
    const dogs = await source.values!.countOf("dog");
    expect(await both.values!.countOf("dog")).toBe(dogs + 1);
    expect(both.known).toBe(source.known + 2);
    const mask = await conditionMask({ field: tags, negated: false, numbers: () => { throw new Error(); }, wholes: [], texts: () => valueTest(tags, ["dog"]), keys: () => valueKeys(tags, ["dog"]) }, both);
    expect([...rowsOf(mask)].at(-1)).toBe(source.count + 2);
    const counts = await facetCounts(both, tags, null, 1000);
    const joined = await facetCounts({ ...both, count: both.count, blocks: both.blocks, values: null, block: (place) => both.block(place), whole: () => both.whole(), pick: () => null, bytes: 0, known: both.known }, tags, null, 1000);
    expect(counts).toEqual(joined);
    expect(counts.find(({ value }) => value === "quite new")?.count).toBe(2);
    expect((await both.whole()).count).toBe(source.count + 3);
  });
});

describe("tags that no value equals", () => {
  const rows = [["cat"], ["cat ears"], ["Hockney, David"], ["cat", "grey"], []];
  const [site, added] = [columnOf(tags, rows.slice(0, 3)), columnOf(tags, rows.slice(3))];
  const plain: ColumnSource = {
    count: 3, known: 3, bytes: 0, values: null, blocks: [{ first: 0, count: 2, zone: undefined }, { first: 2, count: 1, zone: undefined }],
    block: async (place) => columnOf(tags, place ? rows.slice(2, 3) : rows.slice(0, 2)), pick: () => null, whole: async () => site,
  };
  const found = async (source: ColumnSource, text: string) => {
    const term = parse(text).fields[0]!;
    const resources = { field: () => tags, columnSource: async () => source } as unknown as SiteResources;
    return [...rowsOf((await filterRows(resources, [], [{ field: tags, term }]))!)];
  };

  it("match by words, over all blocks and the additions", async () => {
    const both = new OverlaidColumn(plain, added);
    for (const source of [plain, both]) {
      expect(await found(source, "tag:hockney")).toEqual([2]);
      expect(await found(source, "tag:ears,david")).toEqual([1, 2]);
      expect(await found(source, "tag:ear")).toEqual([]);
    }
    expect(await found(plain, "tag:cat")).toEqual([0]);
    expect(await found(both, "tag:cat")).toEqual([0, 3]);
    expect(await found(both, "-tag:hockney")).toEqual([0, 1, 3, 4]);
    const ears = new OverlaidColumn(plain, columnOf(tags, [["Ears"]]));
    expect(await found(ears, "tag:ears")).toEqual([3]);
  });

  it("match by words in columns that have values, also beside additions", async () => {
    const source = await (await SiteResources.open(BASE, { fetch: serve, assets })).columnSource("tags");
    const all = (await source.values!.all()).map(({ value }) => value);
    const york = await found(source, "tag:york");
    expect(york).toEqual([...rowsOf(await source.values!.rows((value) => value === "New-York", null))]);
    expect(york.length).toBeGreaterThan(0);
    expect(await source.values!.known(["york", "new york", "cat"])).toEqual(new Set(["new york", "cat"]));
    expect(all).toContain("black_cat");
    const black = await found(source, "tag:black");
    expect(black.length).toBeGreaterThan(0);
    expect(await found(new OverlaidColumn(source, columnOf(tags, [["black dog"]])), "tag:black")).toEqual([...black, source.count]);
    expect(await found(new OverlaidColumn(source, columnOf(tags, [["Black"]])), "tag:black")).toEqual([source.count]);
  });

  it("do not change exact filters of requests", async () => {
    const resources = { field: () => tags, columnSource: async () => plain } as unknown as SiteResources;
    expect([...rowsOf((await filterRows(resources, [{ kind: "any", field: "tags", values: ["hockney"] }]))!)]).toEqual([]);
  });
});

describe("the files of values", () => {
  const files = async (list: typeof entry.values.names) => await new FileList(list, async ({ path }) => read(path)).entries();

  it("are read, and throw only FormatError if they are damaged", async () => {
    const { head, names, sets, segment } = entry.values;
    const lengths = sets.map((list) => list?.count ?? 0);
    const rows = Math.min(segment, manifest.collection.count);
    const decoders: [Uint8Array, (content: Uint8Array) => unknown][] = [
      [read(head.path), (content) => readValuesHead(content, names.count, lengths)],
      [read((await files(names))[0]!.path), readValueNames],
      [read((await files(sets[0]!))[0]!.path), (content) => {
        const found = readValueSets(content, rows);
        return found.values.map((_, i) => found.rows(i));
      }],
      [read(manifest.columns!.path), (content) => readColumnsIndex(content, manifest.fields, manifest.collection.count)],
    ];
    for (const [real, decode] of decoders) {
      expect(decode(real)).toBeTruthy();
      fc.assert(fc.property(fc.array(fc.tuple(fc.nat(real.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }), fc.nat(real.length), fc.boolean(), (changes, length, cut) => {
        const content = cut ? real.slice(0, length) : real.slice();
        for (const [at, value] of changes) if (at < content.length) content[at] = value;
        try {
          decode(content);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }), { numRuns: 300 });
    }
  });

  it("must fit the index", () => {
    const { head, names, sets } = entry.values;
    expect(() => readValuesHead(read(head.path), names.count + 1, sets.map((list) => list?.count ?? 0))).toThrow("does not fit");
    expect(() => readValuesHead(read(head.path), names.count, [])).toThrow("does not fit");
  });
});

describe("orders", () => {
  const number: FieldDefinition = { name: "score", label: "Score", type: "number", fts: false, facet: false, column: true };

  it("are those of a stable sort by value, unknown values last", () => {
    const values = fc.array(fc.option(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(-0)), { nil: undefined }), { maxLength: 60 });
    fc.assert(fc.property(values, fc.boolean(), (list, descending) => {
      const column = columnOf(number, list);
      const sign = descending ? -1 : 1;
      const places = Array.from(list.keys());
      const known = places.filter((place) => list[place] !== undefined).sort((a, b) => sign * (list[a]! - list[b]!) || a - b);
      expect([...sortPlaces(places, column, descending, "Score")]).toEqual([...known, ...places.filter((place) => list[place] === undefined)]);
    }));
  });

  it("of categories ignore case and accents, also across blocks", () => {
    const kind: FieldDefinition = { ...number, type: "category" };
    const column = joinColumns([columnOf(kind, ["b", "Á"]), columnOf(kind, [undefined, "a", "B"])]);
    expect([...sortPlaces([0, 1, 2, 3, 4], column, false, "Kind")]).toEqual([1, 3, 0, 4, 2]);
    expect([...sortPlaces([4, 3, 2, 1, 0], column, true, "Kind")]).toEqual([0, 4, 1, 3, 2]);
    expect(() => sortPlaces([0], columnOf(tags, [["a"]]), false, "Tags")).toThrow("several values");
  });
});
