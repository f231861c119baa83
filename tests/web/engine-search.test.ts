/** The engine over the golden site: words, meaning, and why a result was found. */
import { describe, expect, it } from "vitest";
import type { SearchRequest, SearchResponse } from "../../web_assets/src/engine";
import { expected, open, rowsOf } from "./support/engine";
import { holdBack, serveTiny } from "./support/site";

describe("words", () => {
  it("need no model and no vectors", async () => {
    const server = serveTiny();
    const engine = await open(server);
    const response = await engine.search({ text: "cat", mode: "words", k: 10 });
    expect(rowsOf(response)).toEqual([3, 20, 10, 1]);
    expect(response).toMatchObject({ total: 4, strictTotal: 4, stage: "final" });
    expect(server.asked.some((path) => path.includes("vectors"))).toBe(false);
  });

  it("with a syntax error are searched as plain words, with a notice", async () => {
    const engine = await open(serveTiny());
    const response = await engine.search({ text: "(old AND lighthouse", mode: "words", k: 10 });
    expect(rowsOf(response)[0]).toBe(9);
    expect(response.notices).toMatchObject([{ kind: "fts-syntax", suggestion: "old lighthouse" }]);
    const again = await engine.search({ text: response.notices[0]!.suggestion!, mode: "words", k: 10 });
    expect(again.notices).toEqual([]);
  });

  it("are searched within the filters", async () => {
    const engine = await open(serveTiny());
    const response = await engine.search({ text: "winter", mode: "words", k: 10, filters: [{ field: "place", kind: "any", values: ["Athens"] }] });
    expect(response.results.length).toBeGreaterThan(0);
    expect(response.total).toBe(response.results.length);
    for (const row of rowsOf(response)) expect(expected.columns["place"]![row]).toBe("Athens");
  });

  it("that contain no letters find nothing, not everything", async () => {
    const engine = await open(serveTiny());
    const response = await engine.search({ text: "?!", mode: "words", k: 10 });
    expect(response).toMatchObject({ results: [], total: 0, notices: [{ kind: "info" }] });
    expect((await engine.search({ text: "  ", mode: "words", k: 10 })).total).toBe(24);
  });

  it("find results with only some of them as well", async () => {
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

describe("why a result was found", () => {
  it("is given by ranks, words and similarity, before and after the divide", async () => {
    const engine = await open(serveTiny({ model: true }));
    const response = await engine.search({ text: "two cats", mode: "all", k: 24 });
    const best = response.results.find(({ row }) => row === 20)!;
    expect(best).toMatchObject({ matched: ["two", "cats"], ranks: { words: 0 }, likely: true });
    expect(best.similarity).toBeTypeOf("number");
    expect(response.results.find(({ row }) => row === 3)!.matched).toEqual(["cats"]);
    expect(response.divide).toBeGreaterThanOrEqual(1);
    expect(response.results).toHaveLength(24);
    response.results.forEach(({ likely }, i) => { expect(likely).toBe(i < response.divide!); });
    // What is close is the beginning of the meaning arm, and likely.
    const byRank = [...response.results].filter(({ ranks }) => ranks?.meaning !== undefined).sort((a, b) => a.ranks!.meaning! - b.ranks!.meaning!);
    const close = byRank.findIndex((result) => !result.close);
    expect(byRank.slice(close).some((result) => result.close)).toBe(false);
    expect(response.results.some((result) => result.close && !result.likely)).toBe(false);
    const later = await engine.search({ text: "two cats", mode: "all", k: 5, offset: response.divide! });
    expect(later.results).toHaveLength(5);
    expect(later.results.some(({ likely }) => likely)).toBe(false);
    const sorted = await engine.search({ text: "two cats sort:rating", mode: "all", k: 5 });
    expect(sorted.divide).toBeUndefined();
    expect((await engine.search({ mode: "all", k: 5 })).divide).toBeUndefined();
  });

  it("groups results that show the same picture, on request", async () => {
    const engine = await open(serveTiny({ model: true }));
    const [first] = (await engine.rows([0])).map(({ id }) => id);
    const plain = await engine.search({ like: [first!], mode: "meaning", k: 24 });
    expect(plain.results).toHaveLength(24);
    expect(plain.results.some(({ duplicateOf }) => duplicateOf !== undefined)).toBe(false);
    const grouped = await engine.search({ like: [first!], mode: "meaning", k: 24, group: true });
    expect(grouped.results).toHaveLength(24);
    const seen = new Set<number>();
    for (const { row, duplicateOf } of grouped.results) {
      if (duplicateOf !== undefined) expect(seen.has(duplicateOf)).toBe(true);
      else seen.add(row);
    }
    expect(seen.size).toBeLessThan(24);
  });
});

describe("meaning", () => {
  it("without a model finds images similar to an image, that image first", async () => {
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
    expect(results).toHaveLength(24);
    expect(rowsOf(response)).toEqual(results.map(({ row }) => row));
    response.results.forEach(({ similarity }, rank) => {
      expect(Math.abs(similarity! - results[rank]!.similarity)).toBeLessThan(expected.vectors.tolerance);
    });
    const pages = await Promise.all([0, 7, 14, 21].map((offset) => engine.search({ embeddings: [Float32Array.from(query)], mode: "meaning", k: 7, offset })));
    expect(pages.flatMap(rowsOf)).toEqual(rowsOf(response));
  });

  it("of texts without a model is replaced by words, with a notice", async () => {
    const engine = await open(serveTiny());
    const all = await engine.search({ text: "cat", mode: "all", k: 10 });
    expect(rowsOf(all)).toEqual([3, 20, 10, 1]);
    expect(all.notices).toEqual([]);
    const meaning = await engine.search({ text: "cat", mode: "meaning", k: 10 });
    expect(rowsOf(meaning)).toEqual([3, 20, 10, 1]);
    expect(meaning.notices).toMatchObject([{ kind: "no-model" }]);
  });

  it("is answered by words first, then by static rows, then by the model", async () => {
    const server = serveTiny({ model: true });
    // The text tower arrives last.
    const release = holdBack(server, "model/text.onnx");
    const engine = await open(server);
    const stages: SearchResponse[] = [];
    const final = engine.search({ text: "cat", mode: "all", k: 24 }, { onPartial: (response) => { stages.push(response); } });
    await expect.poll(() => stages.length).toBe(2);
    expect(stages.map(({ stage }) => stage)).toEqual(expect.arrayContaining(["words", "static"]));
    expect(rowsOf(stages.find(({ stage }) => stage === "words")!)).toEqual([3, 20, 10, 1]);
    expect(stages.find(({ stage }) => stage === "static")!.results).toHaveLength(24);
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

  it("ranks by similarity alone in mode `meaning`", async () => {
    const engine = await open(serveTiny({ model: true }));
    const response = await engine.search({ text: "red car", mode: "meaning", k: 24 });
    expect(response.total).toBeNull();
    expect(response.results).toHaveLength(24);
    response.results.forEach((result, rank) => {
      expect(result.score).toBe(result.similarity);
      expect(result.ranks).toEqual({ meaning: rank });
    });
  });

  it("respects filters and explicit full-text syntax", async () => {
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

  it("combines texts, similar images and pictures", async () => {
    const engine = await open(serveTiny({ model: true }));
    const embedding = new Float32Array(16);
    embedding[2] = 1;
    const parts: Partial<SearchRequest>[] = [{ text: "red car" }, { like: [expected.ids[1]!] }, { embeddings: [embedding] }];
    const find = async (part: Partial<SearchRequest>) => (await engine.search({ ...part, mode: "meaning", k: 24 })).results;
    const alone = await Promise.all(parts.map(find));
    const sum = (row: number) => alone.reduce((total, results) => total + results.find((result) => result.row === row)!.similarity!, 0);
    const mixed = await find(Object.assign({}, ...parts) as Partial<SearchRequest>);
    expect(mixed).toHaveLength(24);
    // The query is the normalised sum of its parts, so every similarity is proportional to the sum of theirs.
    const proportion = mixed[0]!.similarity! / sum(mixed[0]!.row);
    for (const { row, similarity } of mixed) expect(similarity).toBeCloseTo(proportion * sum(row), 4);
    for (const results of alone) expect(results.map(({ row }) => row)).not.toEqual(mixed.map(({ row }) => row));
  });
});
