/** The map of meaning in the engine: its files, filters by area and topic, the current result as bits, values as colours; damage. */
import { afterEach, describe, expect, it } from "vitest";
import type { Engine } from "../../web_assets/src/engine";
import { FormatError, type Manifest, type MapEntry } from "../../web_assets/src/format";
import { readMapPoints } from "../../web_assets/src/format/map";
import { expected, open, rowsOf } from "./support/engine";
import { golden, json } from "./support/files";
import { serveTiny, type Server } from "./support/site";
import { container, type Files } from "./support/writer";

const [ROWS, BLOCK] = [24, 10];
const MISSING = 65_535;
/** Row r lies at (100 r, 50 r, 10 r); row 5 is not on the map. Rows 0 to 9 have topic 0, 10 to 19 topic 1, the others none. */
const at = (row: number, axis: number): number => (row === 5 ? MISSING : row * [100, 50, 10][axis]!);
const topicOf = (row: number): number => (row === 5 || row >= 20 ? MISSING : Math.floor(row / 10));
const TOPICS = [
  { name: "boats, harbour", words: ["boats", "harbour"], count: 9, x: 450, y: 225, rows: [4, 3], parent: null },
  { name: "flowers, garden", words: ["flowers", "garden"], count: 10, x: 1450, y: 725, rows: [14], parent: null },
];

interface Change {
  axis?: (row: number, axis: number) => number;
  topics?: unknown;
  rowTopic?: (row: number) => number;
  entry?: (map: Record<string, unknown>) => void;
  space?: boolean;
}

function withMap({ axis = at, topics = TOPICS, rowTopic = topicOf, entry, space = true }: Change = {}): Server {
  return serveTiny({
    change: (manifest: Manifest, files: Files) => {
      const blocks = [0, 10, 20].map((first) => Array.from({ length: Math.min(BLOCK, ROWS - first) }, (_, i) => first + i));
      const points = (stem: string, names: string[]) => files.list(`data/${stem}`, blocks.map((rows) => files.put(`data/${stem}`, container("map", { first: rows[0]!, count: rows.length },
        Object.fromEntries(names.map((name, a) => [name, Uint16Array.from(rows, (row) => axis(row, a))]))))));
      const map: Record<string, unknown> = {
        count: 23, rows: ROWS, block: BLOCK, flat: points("map-flat", ["x", "y"]), space: space ? points("map-space", ["x", "y", "z"]) : null,
        topics: { file: files.json("data/topics", topics), count: 2 },
        row_topics: files.list("data/map-topics", blocks.map((rows) => files.put("data/map-topics", container("map-topics", { first: rows[0]!, count: rows.length }, { topics: Uint16Array.from(rows, rowTopic) })))),
      };
      entry?.(map);
      (manifest as unknown as Record<string, unknown>)["map"] = map;
    },
  });
}

let engine: Engine;
const opened = async (change?: Change): Promise<Engine> => (engine = await open(withMap(change)));
afterEach(async () => { await engine.close(); });

describe("the map", () => {
  it("gives points and topics by blocks of rows", async () => {
    await opened();
    const block = await engine.mapBlock(0);
    expect(block).toMatchObject({ first: 0, count: BLOCK });
    expect([...block.points.subarray(0, 4)]).toEqual([0, 0, 100, 50]);
    expect([...block.points.subarray(10, 12)]).toEqual([MISSING, MISSING]);
    expect([...block.topics]).toEqual([0, 0, 0, 0, 0, MISSING, 0, 0, 0, 0]);
    const last = await engine.mapBlock(2, 3);
    expect(last).toMatchObject({ first: 20, count: 4 });
    expect([...last.points.subarray(0, 8)]).toEqual([2000, 1000, 200, 0, 2100, 1050, 210, 0]);
    expect(await engine.mapTopics()).toEqual(TOPICS);
    await expect(engine.mapBlock(3)).rejects.toThrow("no block 3");
  });

  it("filters by an area, together with everything else", async () => {
    await opened();
    // x from 350 to 1150, y from 100 to 2000: rows 4 to 11 without 5.
    const area = { field: "@map", kind: "area" as const, points: [350, 100, 1150, 100, 1150, 2000, 350, 2000] };
    const found = await engine.search({ mode: "all", filters: [area], k: 30 });
    expect(found.total).toBe(7);
    expect(rowsOf(found).sort((a, b) => a - b)).toEqual([4, 6, 7, 8, 9, 10, 11]);
    const rated = expected.columns["rating"]!;
    const both = await engine.search({ mode: "all", filters: [area, { field: "rating", kind: "range", min: 3 }], k: 30 });
    expect(rowsOf(both).sort((a, b) => a - b)).toEqual([4, 6, 7, 8, 9, 10, 11].filter((row) => Number(rated[row]) >= 3));
  });

  it("filters by topics", async () => {
    await opened();
    const topics = async (...values: string[]) => rowsOf(await engine.search({ mode: "all", filters: [{ field: "@map", kind: "topic", values }], k: 30 })).length;
    expect(await topics("0")).toBe(9);
    expect(await topics("1")).toBe(10);
    expect(await topics("0", "1")).toBe(19);
    expect(await topics("65535")).toBe(0);
    expect(await topics("7")).toBe(0);
    // Numbers change when the collection does; names are what links keep.
    expect(await topics(TOPICS[1]!.name)).toBe(10);
    expect(await topics(TOPICS[0]!.name, "1")).toBe(19);
    expect(await topics("no such topic")).toBe(0);
  });

  it("gives the current result as bits", async () => {
    await opened();
    expect(await engine.found({})).toBeNull();
    const bits = await engine.found({ filters: [{ field: "@map", kind: "topic", values: ["1"] }] });
    expect([...bits!]).toEqual([0, 0b1111_1100, 0b0000_1111]);
  });

  it("refuses areas that are none", async () => {
    await opened();
    for (const points of [[], [1, 2, 3, 4], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5, NaN], Array.from({ length: 130 }, (_, i) => i)]) {
      await expect(engine.search({ mode: "all", filters: [{ field: "@map", kind: "area", points }] })).rejects.toThrow("corners");
    }
  });

  it("is absent from most sites", async () => {
    engine = await open(serveTiny());
    await expect(engine.mapTopics()).rejects.toThrow("no map");
    await expect(engine.mapBlock(0)).rejects.toThrow("no map");
    await expect(engine.search({ mode: "all", filters: [{ field: "@map", kind: "topic", values: ["0"] }] })).rejects.toThrow("no map");
  });

  it("may have two dimensions only", async () => {
    await opened({ space: false });
    await expect(engine.mapBlock(0, 3)).rejects.toThrow("two dimensions");
  });

  it.each([
    ["a point with one coordinate", { axis: (row: number, axis: number) => (row === 5 && axis ? 3 : at(row, axis)) }, "lacks a coordinate"],
    ["a topic that does not exist", { rowTopic: () => 2 }, "does not exist"],
    ["fewer topics than announced", { topics: [TOPICS[0]] }, "another length"],
    ["a topic without words", { topics: [TOPICS[0], { ...TOPICS[1], words: 3 }] }, "Topic 1"],
    ["a sample that is not on the map", { topics: [{ ...TOPICS[0], rows: [24] }, TOPICS[1]] }, "Topic 0"],
    ["a topic inside itself", { topics: [{ ...TOPICS[0], parent: 0 }, TOPICS[1]] }, "Topic 0"],
    ["more rows than the collection", { entry: (map: Record<string, unknown>) => { map["rows"] = 25; } }, "rows"],
    ["too few files", { entry: (map: Record<string, unknown>) => { map["block"] = 4; } }, "map.flat"],
    ["files of other rows", { entry: (map: Record<string, unknown>) => { map["flat"] = map["space"]; map["row_topics"] = map["space"]; } }, "map-topics"],
  ] as [string, Change, string][])("refuses %s", async (_, change, message) => {
    await opened(change);
    await expect(Promise.all([engine.mapBlock(0), engine.mapTopics()])).rejects.toThrow(message);
  });
});

interface Golden {
  entry: MapEntry;
  files: Record<string, string>;
  flat: number[][];
  space: number[][];
  row_topics: number[];
  names: string[];
  counts: number[];
  refused: { name: string; bytes: string }[];
}

describe("the map that Python wrote", () => {
  const given = json<Golden>(golden, "map.json");
  const unpacked = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, "base64"));
  const served = (): Server => serveTiny({
    change: (manifest, files) => {
      manifest.map = given.entry;
      for (const [path, text] of Object.entries(given.files)) files.stored.set(path, unpacked(text));
    },
  });

  it("is read alike", async () => {
    engine = await open(served());
    for (const [dimensions, width, points] of [[2, 2, given.flat], [3, 4, given.space]] as const) {
      const block = await engine.mapBlock(0, dimensions);
      expect(points.map((_, row) => [...block.points.subarray(width * row, width * row + dimensions)])).toEqual(points);
      expect([...block.topics]).toEqual(given.row_topics);
    }
    expect((await engine.mapTopics()).map(({ name }) => name)).toEqual(given.names);
  });

  it("has topics with the rows of their parts", async () => {
    engine = await open(served());
    for (const [topic, count] of given.counts.entries()) {
      const found = await engine.search({ mode: "all", filters: [{ field: "@map", kind: "topic", values: [String(topic)] }], k: 30 });
      expect(found.total).toBe(count);
    }
  });

  it.each(given.refused)("is refused as $name", async ({ bytes }) => {
    engine = await open(serveTiny());
    expect(() => readMapPoints(unpacked(bytes), 4, 0, 2)).toThrow(FormatError);
  });
});

describe("values as colours", () => {
  it("numbers and dates are a scale", async () => {
    await opened();
    const { kind, classes, ...rest } = await engine.classes("rating");
    expect(kind).toBe("scale");
    const ratings = expected.columns["rating"]!.map((value) => (value === null ? NaN : Number(value)));
    const known = ratings.filter((value) => !Number.isNaN(value));
    const [min, max] = [Math.min(...known), Math.max(...known)];
    expect(rest).toEqual({ min, max });
    expect([...classes]).toEqual(ratings.map((value) => (Number.isNaN(value) ? 255 : Math.round(((value - min) / (max - min)) * 253))));
  });

  it("the most frequent values have a place, the others share one", async () => {
    await opened();
    const coloured = await engine.classes("place", 2);
    const places = expected.columns["place"]! as (string | null)[];
    if (coloured.kind !== "values") throw new Error("A category has values.");
    expect(coloured.values).toHaveLength(2);
    const names = coloured.values.map(({ value }) => value);
    expect([...coloured.classes]).toEqual(places.map((place) => (place === null ? 255 : names.includes(place) ? names.indexOf(place) : 254)));
  });

  it("of several tags the most frequent one counts", async () => {
    await opened();
    const coloured = await engine.classes("tags", 3);
    if (coloured.kind !== "values") throw new Error("Tags have values.");
    const names = coloured.values.map(({ value }) => value);
    const tags = expected.columns["tags"]! as string[][];
    expect([...coloured.classes]).toEqual(tags.map((list) => (list?.length ? Math.min(...list.map((tag) => (names.includes(tag) ? names.indexOf(tag) : 254))) : 255)));
  });

  it("texts have none", async () => {
    await opened();
    await expect(engine.classes("title")).rejects.toThrow("Cannot filter or sort by");
  });
});
