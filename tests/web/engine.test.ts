/** The engine over the golden site: opening, listing, filters, orders and counts. */
import { describe, expect, it } from "vitest";
import { manifestUrl, type SearchRequest } from "../../web_assets/src/engine";
import { expected, open, rowsOf } from "./support/engine";
import { bytes, golden } from "./support/files";
import { serveTiny } from "./support/site";

const browse: SearchRequest = { mode: "all", k: 100 };

describe("opening", () => {
  it("accepts a folder, a page and a manifest", () => {
    for (const url of ["https://x.org/a", "https://x.org/a/", "https://x.org/a/index.html?q=1#b", "https://x.org/a/manifest.json"]) {
      expect(manifestUrl(url)).toBe("https://x.org/a/manifest.json");
    }
  });

  it("fetches the manifest and nothing else", async () => {
    const server = serveTiny();
    const engine = await open(server);
    expect(server.asked).toEqual(["manifest.json"]);
    expect(engine.manifest.collection.count).toBe(24);
  });

  it("gives the size of the picture model, and loads only its index for that", async () => {
    expect(await (await open(serveTiny())).imageModelSize()).toBeNull();
    const server = serveTiny({ model: true });
    const engine = await open(server);
    expect(await engine.imageModelSize()).toBe(bytes(golden, "pack-tiny", "image.onnx").length);
    expect(server.asked).toEqual(["manifest.json", server.manifest.model!.file.path]);
  });

  it("names a version that it cannot read", async () => {
    await expect(open(serveTiny({ change: (manifest) => { manifest.version = 3; } }))).rejects.toThrow("version 3");
    await expect(open(serveTiny({ change: (manifest) => { manifest.catalog.tier = "paged" as never; } }))).rejects.toThrow("paged");
    await expect(open(serveTiny({ change: (manifest) => { manifest.vectors!.codec = "pq" as never; } }))).rejects.toThrow("pq");
  });

  it("reports which file failed", async () => {
    const server = serveTiny();
    server.faults.set("manifest.json", () => new Response("gone", { status: 404 }));
    await expect(open(server)).rejects.toMatchObject({ name: "LoadError", status: 404, retryable: false });
  });
});

describe("rows, documents and ids", () => {
  it("are those of the site", async () => {
    const engine = await open(serveTiny());
    const all = await engine.rows(Array.from({ length: 24 }, (_, row) => row));
    expect(all).toHaveLength(24);
    all.forEach((info, row) => {
      const { width, height, placeholder } = expected.rows[row]!;
      expect(info).toMatchObject({ row, id: expected.ids[row], width, height });
      expect(Buffer.from(info.placeholder).toString("hex")).toBe(placeholder);
    });
    for (let row = 0; row < 24; row++) {
      expect(await engine.document(row)).toMatchObject(expected.documents[row]!);
      expect(await engine.rowOf(expected.ids[row]!)).toBe(row);
    }
    expect(await engine.rowOf("0000000000000000")).toBeNull();
    expect(await engine.rowOf("<script>")).toBeNull();
  });

  it("load block by block, each once", async () => {
    const server = serveTiny();
    const engine = await open(server);
    await Promise.all([engine.rows([3, 4]), engine.rows([0]), engine.document(20), engine.document(23)]);
    expect(server.asked.filter((path) => path.includes("rows."))).toHaveLength(1);
    expect(server.asked.filter((path) => path.includes("documents."))).toHaveLength(1);
  });

  it("have thumbnails in files of the site", async () => {
    const server = serveTiny();
    const engine = await open(server);
    const infos = await engine.rows(Array.from({ length: 24 }, (_, row) => row));
    expect(infos.filter(({ thumbnail }) => thumbnail).length).toBeGreaterThan(20);
    for (const { thumbnail, row } of infos) {
      expect(Boolean(thumbnail)).toBe(Boolean(expected.rows[row]!.thumbnail_sha256));
      if (!thumbnail) continue;
      const response = await server.fetch(thumbnail.url);
      expect(response.status).toBe(200);
      expect((await response.arrayBuffer()).byteLength).toBeGreaterThanOrEqual(thumbnail.offset + thumbnail.length);
    }
  });

  it("refuse a row that does not exist", async () => {
    const engine = await open(serveTiny());
    for (const row of [-1, 24, 1.5, NaN]) {
      await expect(engine.document(row)).rejects.toThrow("no row");
      await expect(engine.rows([row])).rejects.toThrow("no row");
    }
  });
});

describe("browsing, filters and order", () => {
  it("gives all rows in order, page by page", async () => {
    const server = serveTiny();
    const engine = await open(server);
    const first = await engine.search({ ...browse, k: 10 });
    expect(first).toMatchObject({ total: 24, stage: "final", notices: [] });
    const second = await engine.search({ ...browse, k: 10, offset: 20 });
    expect([...rowsOf(first), ...rowsOf(second)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 21, 22, 23]);
    expect(server.asked).toEqual(["manifest.json"]);
  });

  const where = (holds: (row: number) => boolean) => Array.from({ length: 24 }, (_, row) => row).filter(holds);
  const column = (name: string) => expected.columns[name]!;

  it("filters by values", async () => {
    const engine = await open(serveTiny());
    const find = async (filters: SearchRequest["filters"]) => rowsOf(await engine.search({ ...browse, filters: filters! }));
    expect(await find([{ field: "place", kind: "any", values: ["Athens", "北京"] }])).toEqual(where((r) => ["Athens", "北京"].includes(column("place")[r] as string)));
    expect(await find([{ field: "place", kind: "none", values: ["Athens"] }])).toEqual(where((r) => column("place")[r] !== "Athens"));
    expect(await find([{ field: "tags", kind: "any", values: ["猫", "a, b"] }])).toEqual(where((r) => (column("tags")[r] as string[]).some((tag) => tag === "猫" || tag === "a, b")));
    expect(await find([{ field: "tags", kind: "none", values: ["dog"] }])).toEqual(where((r) => !(column("tags")[r] as string[]).includes("dog")));
    expect(await find([{ field: "favourite", kind: "any", values: ["true"] }])).toEqual(where((r) => column("favourite")[r] === "true"));
    expect(await find([{ field: "rating", kind: "any", values: ["3", "0"] }])).toEqual(where((r) => [3, 0].includes(column("rating")[r] as number)));
    expect(await find([{ field: "place", kind: "any", values: ["Nowhere"] }])).toEqual([]);
  });

  it("filters by ranges, dates and several at once", async () => {
    const engine = await open(serveTiny());
    const find = async (filters: SearchRequest["filters"]) => rowsOf(await engine.search({ ...browse, filters: filters! }));
    const altitude = column("altitude") as (number | null)[];
    expect(await find([{ field: "altitude", kind: "range", min: -126, max: 59 }])).toEqual(where((r) => altitude[r] !== null && altitude[r]! >= -126 && altitude[r]! <= 59));
    expect(await find([{ field: "altitude", kind: "range" }])).toEqual(where((r) => altitude[r] !== null));
    expect(await find([{ field: "taken", kind: "any", values: ["2021-05-27", "1969"] }])).toEqual([1, 16, 17]);
    expect(await find([{ field: "altitude", kind: "range", min: 0 }, { field: "tags", kind: "any", values: ["dog"] }]))
      .toEqual(where((r) => (altitude[r] ?? -1) >= 0 && (column("tags")[r] as string[]).includes("dog")));
  });

  it("sorts by a column, unknown values last", async () => {
    const engine = await open(serveTiny());
    const rating = column("rating") as (number | null)[];
    for (const direction of ["ascending", "descending"] as const) {
      const rows = rowsOf(await engine.search({ ...browse, sort: { field: "rating", direction } }));
      const known = rows.filter((row) => rating[row] !== null);
      expect(rows.slice(0, known.length)).toEqual(known);
      const sign = direction === "ascending" ? 1 : -1;
      expect(known).toEqual([...known].sort((a, b) => sign * (rating[a]! - rating[b]!) || a - b));
    }
    expect(rowsOf(await engine.search({ ...browse, sort: { field: "default", direction: "descending" } }))[0]).toBe(23);
    const places = rowsOf(await engine.search({ ...browse, sort: { field: "place", direction: "ascending" } })).map((row) => column("place")[row]);
    expect(places[0]).toBe("Athens");
    expect(places.at(-1)).toBeNull();
  });

  it("refuses invalid requests, with a reason", async () => {
    const engine = await open(serveTiny());
    const refused: [Partial<SearchRequest>, string][] = [
      [{ filters: [{ field: "nothing", kind: "any", values: [] }] }, "no field"],
      [{ filters: [{ field: "title", kind: "any", values: ["x"] }] }, "Cannot filter or sort"],
      [{ filters: [{ field: "place", kind: "range", min: 1 }] }, "no range"],
      [{ filters: [{ field: "rating", kind: "any", values: ["many"] }] }, "not a number"],
      [{ filters: [{ field: "taken", kind: "any", values: ["2021-13"] }] }, "not a date"],
      [{ sort: { field: "tags", direction: "ascending" } }, "Cannot sort by"],
      [{ k: -1 }, "k must"],
      [{ mode: "both" as never }, "not a search mode"],
      [{ like: ["0000000000000000"] }, "no image"],
      [{ embeddings: [new Float32Array(3)] }, "dimensions"],
    ];
    for (const [request, reason] of refused) {
      await expect(engine.search({ ...browse, ...request }), reason).rejects.toThrow(reason);
    }
  });
});

describe("facets and ranges", () => {
  it("count values within filters and words", async () => {
    const engine = await open(serveTiny());
    const count = (name: string, value: unknown) => expected.columns[name]!.filter((item) => item === value || (Array.isArray(item) && item.includes(value))).length;
    for (const field of ["place", "tags", "favourite"]) {
      const facets = await engine.facets(field);
      expect(facets.length).toBeGreaterThan(1);
      for (const facet of facets) expect(facet.count, `${field} ${facet.value}`).toBe(count(field, facet.value));
      expect(facets.map((facet) => facet.count)).toEqual(facets.map((facet) => facet.count).sort((a, b) => b - a));
    }
    expect(await engine.facets("place", { limit: 2 })).toHaveLength(2);
    expect((await engine.facets("place", { text: "lighthouse" })).reduce((sum, facet) => sum + facet.count, 0)).toBe(2);
    expect(await engine.facets("place", { filters: [{ field: "place", kind: "any", values: ["Athens"] }] })).toEqual([{ value: "Athens", count: count("place", "Athens") }]);
    expect((await engine.facets("taken"))[0]).toEqual({ value: "2021", count: 17 });
    expect((await engine.facets("rating")).find(({ value }) => value === "0")?.count).toBe(count("rating", 0));
  });

  it("count numbers and dates in bins, within filters", async () => {
    const engine = await open(serveTiny());
    const ratings = expected.columns["rating"] as (number | null)[];
    const among = (low: number, high: number, rows = ratings) => rows.filter((value) => typeof value === "number" && value >= low && value < high).length;
    expect(await engine.histogram("rating", { edges: [0, 1, 3, 5] })).toEqual({ counts: [among(0, 1), among(1, 3), among(3, 5)], whole: true });
    // The last bin has its own end; what is outside is not counted.
    expect((await engine.histogram("rating", { edges: [1, 2, 3] })).counts).toEqual([among(1, 2), among(2, 4)]);
    const athens = ratings.filter((_, row) => expected.columns["place"]![row] === "Athens");
    expect((await engine.histogram("rating", { edges: [0, 5], filters: [{ field: "place", kind: "any", values: ["Athens"] }] })).counts).toEqual([among(0, 5, athens)]);
    const years = [2020, 2021, 2022].map((year) => Date.UTC(year, 0) / 1000);
    expect((await engine.histogram("taken", { edges: years })).counts[1]).toBe(17);
    await expect(engine.histogram("place", { edges: [0, 1] })).rejects.toThrow("no range");
    for (const edges of [[], [1], [1, 1], [2, 1], [0, NaN], Array.from({ length: 1002 }, (_, i) => i)]) {
      await expect(engine.histogram("rating", { edges })).rejects.toThrow("rising numbers");
    }
  });

  it("give the smallest and the greatest value", async () => {
    const engine = await open(serveTiny());
    expect(await engine.range("altitude")).toEqual({ min: -200, max: 651 });
    expect(await engine.range("rating")).toEqual({ min: 0, max: 4 });
    await expect(engine.range("place")).rejects.toThrow("no range");
  });
});
