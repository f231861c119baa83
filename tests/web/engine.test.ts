/** The engine over the golden site: what a page relies on, whole or with parts of the site missing. */
import { describe, expect, it } from "vitest";
import { Engine, manifestUrl, type LoadProgress, type SearchRequest, type SearchResponse } from "../../web_assets/src/engine";
import { LoadError } from "../../web_assets/src/format";
import { golden, json } from "./support/files";
import { assets, BASE, serveTiny, type Server } from "./support/site";

interface Expected {
  count: number;
  ids: string[];
  rows: { width: number; height: number; placeholder: string; thumbnail_sha256: string }[];
  documents: { path: string; fields: Record<string, unknown> }[];
  columns: Record<string, unknown[]>;
  vectors: { tolerance: number; queries: { query: number[]; results: { row: number; similarity: number }[] }[] };
}

const expected = json<Expected>(golden, "site-tiny.json");
const open = async (server: Server, onProgress?: (progress: LoadProgress) => void) =>
  await Engine.open(BASE, { fetch: server.fetch, assets, ...(onProgress ? { onProgress } : {}) });
const rowsOf = (response: SearchResponse) => response.results.map(({ row }) => row);
const browse: SearchRequest = { mode: "all", k: 100 };

describe("opening", () => {
  it("takes a folder, a page and a manifest", () => {
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

  it("names a version it does not read", async () => {
    await expect(open(serveTiny({ change: (manifest) => { manifest.version = 2; } }))).rejects.toThrow("version 2");
    await expect(open(serveTiny({ change: (manifest) => { manifest.catalog.tier = "paged" as never; } }))).rejects.toThrow("paged");
    await expect(open(serveTiny({ change: (manifest) => { manifest.vectors!.codec = "pq" as never; } }))).rejects.toThrow("pq");
  });

  it("says what failed", async () => {
    const server = serveTiny();
    server.faults.set("manifest.json", () => new Response("gone", { status: 404 }));
    await expect(open(server)).rejects.toMatchObject({ name: "LoadError", status: 404, retryable: false });
  });
});

describe("rows, documents and ids", () => {
  it("are those of the site", async () => {
    const engine = await open(serveTiny());
    const all = await engine.rows(Array.from({ length: 24 }, (_, row) => row));
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

  it("load by the block, once", async () => {
    const server = serveTiny();
    const engine = await open(server);
    await Promise.all([engine.rows([3, 4]), engine.rows([0]), engine.document(20), engine.document(23)]);
    expect(server.asked.filter((path) => path.includes("rows."))).toHaveLength(1);
    expect(server.asked.filter((path) => path.includes("documents."))).toHaveLength(1);
  });

  it("thumbnails lie where the site has them", async () => {
    const server = serveTiny();
    const engine = await open(server);
    const infos = await engine.rows(Array.from({ length: 24 }, (_, row) => row));
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
    expect(await find([{ field: "taken", kind: "any", values: ["2021-05-27", "1969"] }])).toEqual([1, 17]);
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

  it("refuses what makes no sense, with a reason", async () => {
    const engine = await open(serveTiny());
    const refused: [Partial<SearchRequest>, string][] = [
      [{ filters: [{ field: "nothing", kind: "any", values: [] }] }, "no field"],
      [{ filters: [{ field: "title", kind: "any", values: ["x"] }] }, "neither be filtered"],
      [{ filters: [{ field: "place", kind: "range", min: 1 }] }, "no range"],
      [{ filters: [{ field: "rating", kind: "any", values: ["many"] }] }, "no number"],
      [{ filters: [{ field: "taken", kind: "any", values: ["2021-13"] }] }, "no date"],
      [{ sort: { field: "tags", direction: "ascending" } }, "no order"],
      [{ k: -1 }, "k must"],
      [{ mode: "both" as never }, "no mode"],
      [{ like: ["0000000000000000"] }, "no image"],
      [{ embeddings: [new Float32Array(3)] }, "dimensions"],
    ];
    for (const [request, reason] of refused) {
      await expect(engine.search({ ...browse, ...request }), reason).rejects.toThrow(reason);
    }
  });
});

describe("words", () => {
  it("need no model and no vectors", async () => {
    const server = serveTiny();
    const engine = await open(server);
    const response = await engine.search({ text: "cat", mode: "words", k: 10 });
    expect(rowsOf(response)).toEqual([3, 20, 10, 1]);
    expect(response).toMatchObject({ total: 4, strictTotal: 4, stage: "final" });
    expect(server.asked.some((path) => path.includes("vectors"))).toBe(false);
  });

  it("with a mistake in their syntax are searched all the same, and said", async () => {
    const engine = await open(serveTiny());
    const response = await engine.search({ text: "(old AND lighthouse", mode: "words", k: 10 });
    expect(rowsOf(response)[0]).toBe(9);
    expect(response.notices).toMatchObject([{ kind: "fts-syntax", suggestion: "old lighthouse" }]);
    const again = await engine.search({ text: response.notices[0]!.suggestion!, mode: "words", k: 10 });
    expect(again.notices).toEqual([]);
  });

  it("keep to the filters", async () => {
    const engine = await open(serveTiny());
    const response = await engine.search({ text: "winter", mode: "words", k: 10, filters: [{ field: "place", kind: "any", values: ["Athens"] }] });
    expect(response.total).toBe(response.results.length);
    for (const row of rowsOf(response)) expect(expected.columns["place"]![row]).toBe("Athens");
  });

  it("that are none find nothing, and not everything", async () => {
    const engine = await open(serveTiny());
    const response = await engine.search({ text: "?!", mode: "words", k: 10 });
    expect(response).toMatchObject({ results: [], total: 0, notices: [{ kind: "info" }] });
    expect((await engine.search({ text: "  ", mode: "words", k: 10 })).total).toBe(24);
  });

  it("of two or more fall back to any of them", async () => {
    const engine = await open(serveTiny());
    const response = await engine.search({ text: "two cats", mode: "words", k: 10 });
    expect(rowsOf(response)[0]).toBe(20);
    expect(response.strictTotal).toBe(1);
    expect(response.total).toBeGreaterThan(1);
  });

  it("are marked in the texts of a row", async () => {
    const engine = await open(serveTiny());
    const marks = await engine.highlight(20, "cats");
    expect(marks.find(({ field }) => field === "title")?.pieces).toEqual(["One lighthouse, two ", "cats"]);
    expect(await engine.highlight(16, "cats")).toEqual(expect.arrayContaining([{ field: "name", pieces: ["picture-16"] }]));
    expect((await engine.highlight(20, "(two AND")).find(({ field }) => field === "title")?.pieces).toEqual(["One lighthouse, ", "two", " cats"]);
    expect((await engine.highlight(2, "犬")).find(({ field }) => field === "title")?.pieces).toEqual(["猫と", "犬", "が走る"]);
  });
});

describe("why a result is there", () => {
  it("is told by ranks, words and similarity, before and after the divide", async () => {
    const engine = await open(serveTiny({ model: true }));
    const response = await engine.search({ text: "two cats", mode: "all", k: 24 });
    const best = response.results.find(({ row }) => row === 20)!;
    expect(best).toMatchObject({ matched: ["two", "cats"], ranks: { words: 0 }, likely: true });
    expect(best.similarity).toBeTypeOf("number");
    expect(response.results.find(({ row }) => row === 3)!.matched).toEqual(["cats"]);
    expect(response.divide).toBeGreaterThanOrEqual(1);
    response.results.forEach(({ likely }, i) => { expect(likely).toBe(i < response.divide!); });
    const later = await engine.search({ text: "two cats", mode: "all", k: 5, offset: response.divide! });
    expect(later.results.some(({ likely }) => likely)).toBe(false);
    const sorted = await engine.search({ text: "two cats sort:rating", mode: "all", k: 5 });
    expect(sorted.divide).toBeUndefined();
    expect((await engine.search({ mode: "all", k: 5 })).divide).toBeUndefined();
  });

  it("groups what shows the same picture, on request", async () => {
    const engine = await open(serveTiny({ model: true }));
    const [first] = (await engine.rows([0])).map(({ id }) => id);
    const plain = await engine.search({ like: [first!], mode: "meaning", k: 24 });
    expect(plain.results.some(({ duplicateOf }) => duplicateOf !== undefined)).toBe(false);
    const grouped = await engine.search({ like: [first!], mode: "meaning", k: 24, group: true });
    const seen = new Set<number>();
    for (const { row, duplicateOf } of grouped.results) {
      if (duplicateOf !== undefined) expect(seen.has(duplicateOf)).toBe(true);
      else seen.add(row);
    }
    expect(seen.size).toBeLessThan(24);
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

  it("know the least and the greatest", async () => {
    const engine = await open(serveTiny());
    expect(await engine.range("altitude")).toEqual({ min: -200, max: 651 });
    expect(await engine.range("rating")).toEqual({ min: 0, max: 4 });
    await expect(engine.range("place")).rejects.toThrow("no range");
  });
});

describe("meaning", () => {
  it("without a model finds what is like an image, itself first", async () => {
    const engine = await open(serveTiny());
    const response = await engine.search({ like: [expected.ids[5]!], mode: "all", k: 24 });
    expect(response.results[0]!.row).toBe(5);
    expect(response.results[0]!.similarity).toBeGreaterThan(0.95);
    expect(rowsOf(response)).toHaveLength(24);
    const similarities = response.results.map(({ similarity }) => similarity!);
    expect(similarities).toEqual([...similarities].sort((a, b) => b - a));
  });

  it.each(expected.vectors.queries.map((query, i) => ({ i, ...query })))("of embedding $i: rows and similarities of the exact search", async ({ query, results }) => {
    const engine = await open(serveTiny());
    const response = await engine.search({ embeddings: [Float32Array.from(query)], mode: "meaning", k: 24 });
    expect(rowsOf(response)).toEqual(results.map(({ row }) => row));
    response.results.forEach(({ similarity }, rank) => {
      expect(Math.abs(similarity! - results[rank]!.similarity)).toBeLessThan(expected.vectors.tolerance);
    });
    const pages = await Promise.all([0, 7, 14, 21].map((offset) => engine.search({ embeddings: [Float32Array.from(query)], mode: "meaning", k: 7, offset })));
    expect(pages.flatMap(rowsOf)).toEqual(rowsOf(response));
  });

  it("of texts without a model gives way to words, and says so", async () => {
    const engine = await open(serveTiny());
    const all = await engine.search({ text: "cat", mode: "all", k: 10 });
    expect(rowsOf(all)).toEqual([3, 20, 10, 1]);
    expect(all.notices).toEqual([]);
    const meaning = await engine.search({ text: "cat", mode: "meaning", k: 10 });
    expect(rowsOf(meaning)).toEqual([3, 20, 10, 1]);
    expect(meaning.notices).toMatchObject([{ kind: "no-model" }]);
  });

  it("answers with words first, then from the vocabulary, then finally", async () => {
    const server = serveTiny({ model: true });
    // The text tower arrives last.
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => { release = resolve; });
    const real = server.fetch;
    server.faults.set("model/text.onnx", async () => {
      await gate;
      server.faults.delete("model/text.onnx");
      return await real(`${BASE}model/text.onnx`);
    });
    const engine = await open(server);
    const stages: SearchResponse[] = [];
    const final = engine.search({ text: "cat", mode: "all", k: 24 }, { onPartial: (response) => { stages.push(response); } });
    await expect.poll(() => stages.length).toBe(2);
    expect(stages.map(({ stage }) => stage)).toEqual(expect.arrayContaining(["words", "vocabulary"]));
    expect(rowsOf(stages.find(({ stage }) => stage === "words")!)).toEqual([3, 20, 10, 1]);
    expect(stages.find(({ stage }) => stage === "vocabulary")!.results).toHaveLength(24);
    release();
    const response = await final;
    expect(response.stage).toBe("final");
    expect(stages).toHaveLength(2);
    const top = response.results.find(({ row }) => row === 3)!;
    expect(top.ranks!.words).toBe(0);
    expect(top.score).toBeCloseTo(1 / 31 + 1 / (31 + top.ranks!.meaning!), 12);
    // A second search needs no provisional answers, and no further file.
    const before = server.asked.length;
    await engine.search({ text: "cat", mode: "all", k: 24 }, { onPartial: (response) => { stages.push(response); } });
    expect(stages).toHaveLength(2);
    expect(server.asked).toHaveLength(before);
  });

  it("ranks by similarity alone where only meaning is asked", async () => {
    const engine = await open(serveTiny({ model: true }));
    const response = await engine.search({ text: "red car", mode: "meaning", k: 24 });
    expect(response.total).toBeNull();
    response.results.forEach((result, rank) => {
      expect(result.score).toBe(result.similarity);
      expect(result.ranks).toEqual({ meaning: rank });
    });
  });

  it("keeps to filters and to explicit full-text syntax", async () => {
    const engine = await open(serveTiny({ model: true }));
    const filters: SearchRequest["filters"] = [{ field: "place", kind: "any", values: ["Athens"] }];
    const filtered = await engine.search({ text: "red car", mode: "meaning", k: 24, filters });
    expect(rowsOf(filtered).sort((a, b) => a - b)).toEqual(expected.columns["place"]!.flatMap((place, row) => (place === "Athens" ? [row] : [])));
    expect(filtered.total).toBe(filtered.results.length);
    for (const mode of ["all", "meaning"] as const) {
      const response = await engine.search({ text: "sea NOT lighthouse", mode, k: 24 });
      expect(rowsOf(response).sort((a, b) => a - b)).toEqual(rowsOf(await engine.search({ text: "sea NOT lighthouse", mode: "words", k: 24 })).sort((a, b) => a - b));
    }
  });

  it("mixes texts, likes and pictures", async () => {
    const engine = await open(serveTiny({ model: true }));
    const embedding = new Float32Array(16);
    embedding[2] = 1;
    const mixed = await engine.search({ text: "red car", like: [expected.ids[1]!], embeddings: [embedding], mode: "meaning", k: 5 });
    expect(mixed.results).toHaveLength(5);
    const alone = await engine.search({ embeddings: [embedding], mode: "meaning", k: 24 });
    expect(rowsOf(alone)).not.toEqual(rowsOf(mixed));
  });
});

describe("trouble", () => {
  const broken = () => new Response("", { status: 404 });

  it("with the model leaves the words, and says so", async () => {
    const server = serveTiny({ model: true });
    server.faults.set("model/text.onnx", broken);
    const engine = await open(server);
    const response = await engine.search({ text: "cat", mode: "all", k: 10 });
    expect(rowsOf(response)).toEqual([3, 20, 10, 1]);
    expect(response.notices).toMatchObject([{ kind: "no-model" }]);
    await expect(engine.search({ text: "cat", mode: "meaning", k: 10 })).rejects.toBeInstanceOf(LoadError);
    // No match in the words must not read as "nothing found".
    await expect(engine.search({ text: "xylophone", mode: "all", k: 10 })).rejects.toBeInstanceOf(LoadError);
    server.faults.clear();
    expect((await engine.search({ text: "cat", mode: "all", k: 10 })).notices).toEqual([]);
  });

  it("with a damaged model leaves the words as well", async () => {
    const engine = await open(serveTiny({ model: true, change: ({ model }) => { model!.files["text.onnx"] = model!.files["vocabulary.bin"]!; } }));
    const response = await engine.search({ text: "cat", mode: "all", k: 10 });
    expect(rowsOf(response)).toEqual([3, 20, 10, 1]);
    expect(response.notices).toMatchObject([{ kind: "no-model" }]);
    await expect(engine.search({ text: "cat", mode: "meaning", k: 10 })).rejects.toThrow("text tower");
  });

  it("with full text leaves the meaning, and says so", async () => {
    const server = serveTiny({ model: true });
    server.faults.set("data/catalog*", broken);
    const engine = await open(server);
    const response = await engine.search({ text: "cat", mode: "all", k: 10 });
    expect(response.results).toHaveLength(10);
    expect(response.notices).toMatchObject([{ kind: "info" }]);
    await expect(engine.search({ text: "cat", mode: "words", k: 10 })).rejects.toBeInstanceOf(LoadError);
    await expect(engine.search({ text: "cat NOT dog", mode: "all", k: 10 })).rejects.toBeInstanceOf(LoadError);
  });

  it("with everything is an error, never an empty answer", async () => {
    const server = serveTiny({ model: true });
    for (const path of ["data/catalog*", "data/vectors*"]) server.faults.set(path, broken);
    const engine = await open(server);
    await expect(engine.search({ text: "cat", mode: "all", k: 10 })).rejects.toBeInstanceOf(LoadError);
    server.faults.clear();
    expect((await engine.search({ text: "cat", mode: "all", k: 10 })).results).toHaveLength(10);
  });
});

describe("abort", () => {
  it("rejects with the signal's reason, at any moment, and harms no later search", async () => {
    const engine = await open(serveTiny({ model: true }));
    for (const delay of [-1, 0, 1, 3, 8, 20]) {
      const controller = new AbortController();
      const reason = new Error("superseded");
      const started = engine.search({ text: `cat ${delay}`, mode: "all", k: 5 }, { signal: controller.signal });
      if (delay < 0) controller.abort(reason);
      else setTimeout(() => { controller.abort(reason); }, delay);
      await started.then(() => { expect(delay).toBeGreaterThan(0); }, (error: unknown) => { expect(error).toBe(reason); });
    }
    expect((await engine.search({ text: "cat", mode: "all", k: 5 })).results).toHaveLength(5);
  });

  it("stops provisional answers", async () => {
    const server = serveTiny({ model: true });
    server.faults.set("model/text.onnx", () => new Promise(() => undefined));
    const engine = await open(server);
    const controller = new AbortController();
    let partials = 0;
    const search = engine.search({ text: "cat", mode: "all", k: 5 }, { signal: controller.signal, onPartial: () => { partials++; controller.abort(); } });
    await expect(search).rejects.toThrow();
    const before = partials;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(partials).toBe(before);
  });
});

describe("progress", () => {
  it("counts bytes and ends every step", async () => {
    const events: LoadProgress[] = [];
    const engine = await open(serveTiny({ model: true }), (progress) => { events.push(progress); });
    await engine.search({ text: "red car", mode: "all", k: 5 });
    for (const step of ["manifest", "catalog", "vectors", "model", "tokens"] as const) {
      const own = events.filter((event) => event.step === step);
      expect(own.at(-1)?.done, step).toBe(true);
      for (const { loaded, total } of own) expect(loaded, step).toBeLessThanOrEqual(total);
      expect(own.at(-1)!.loaded, step).toBeGreaterThan(0);
    }
  });
});
