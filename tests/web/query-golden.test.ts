/** The engine gives the same answers to the golden queries as the Python reader of published sites. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { Engine, type Mode, type SearchRequest } from "../../web_assets/src/engine";
import { parse, quotedValue } from "../../web_assets/src/engine/query";
import { disagreement, type Ranking } from "./support/agreement";
import { bytes, golden, json } from "./support/files";
import { assets, BASE } from "./support/site";

interface Answer extends Ranking {
  error?: true;
  total: number | null;
  strict_total?: number;
  divide?: number;
  notices?: string[];
}

interface Case {
  group: string;
  query: string;
  answers: Partial<Record<Mode, Answer>>;
}

const file = json<{ count: number; ids: string[]; images: Record<string, number[]>; cases: Case[] }>(golden, "queries.json");
const TOLERANCE = 2e-5;

const serve: typeof fetch = (input) => {
  const path = join(golden, "site-queries", decodeURIComponent(String(input).slice(BASE.length)));
  return Promise.resolve(existsSync(path) ? new Response(bytes(path)) : new Response(null, { status: 404 }));
};
const images = Object.fromEntries(Object.entries(file.images).map(([name, values]) => [name, Float32Array.from(values)]));

describe("golden queries", () => {
  let engine: Engine;
  beforeAll(async () => { engine = await Engine.open(BASE, { fetch: serve, assets }); });

  it("belong to this collection", async () => {
    expect(file.cases.length).toBeGreaterThan(300);
    expect(file.ids.length).toBeGreaterThan(20);
    const rows = await engine.rows(file.ids.map((_, row) => row));
    expect(rows.map(({ id }) => id)).toEqual(file.ids);
  });

  for (const group of new Set(file.cases.map(({ group }) => group))) {
    it(`agree: ${group}`, async () => {
      for (const { query, answers } of file.cases.filter((item) => item.group === group)) {
        for (const [mode, want] of Object.entries(answers) as [Mode, Answer][]) {
          const request: SearchRequest = { text: query, mode, images, k: file.count };
          const where = `${JSON.stringify(query.slice(0, 200))} in mode ${mode}`;
          if (want.error) {
            await expect(engine.search(request), where).rejects.toThrow("no image");
            continue;
          }
          const response = await engine.search(request);
          const found = response.results.map(({ row }) => row);
          const { k, sort } = parse(query);
          const problem = disagreement(want, found, { mode, tolerance: TOLERANCE, limit: k, ordered: sort !== null });
          expect(problem, `${where}\nwant ${want.rows.join(" ")}\ngot  ${found.join(" ")}`).toBeNull();
          expect(response.total, where).toBe(want.total);
          expect(response.strictTotal, where).toBe(want.strict_total);
          expect(response.divide, where).toBe(want.divide);
          expect(response.notices.map(({ kind }) => kind), where).toEqual(want.notices ?? []);
          if (k === null) {
            const words = response.results.filter(({ ranks }) => ranks?.words !== undefined)
              .sort((a, b) => a.ranks!.words! - b.ranks!.words!).map(({ row }) => row);
            expect(words, where).toEqual(want.words ?? []);
          }
        }
      }
    }, 60_000);
  }

  it("have facets that count the current result", async () => {
    const cases = json<{ query: string; mode: Mode; counts: Record<string, [string, number][]> }[]>(golden, "facets.json");
    expect(cases.length).toBeGreaterThan(100);
    for (const { query, mode, counts } of cases) {
      for (const [field, want] of Object.entries(counts)) {
        const found = await engine.facets(field, { text: query, mode, images, limit: 5 });
        expect(found.map(({ value, count }) => [value, count]), `${query} in mode ${mode}: ${field}`).toEqual(want);
      }
    }
  }, 60_000);

  it("have paths whose facets count every level", async () => {
    const every = await engine.facets("folder");
    expect(every.slice(0, 3)).toEqual([
      { value: "trip", count: 5, parent: true }, { value: "2020", count: 4, parent: true }, { value: "2020/trips", count: 3, parent: true },
    ]);
    for (const { value, count } of every) {
      const filters = [{ field: "folder", kind: "any" as const, values: [value] }];
      expect((await engine.search({ text: `folder:${quotedValue(`${value}/`)}`, mode: "all" })).total, value).toBe(count);
      expect((await engine.search({ mode: "all", filters })).total, value).toBe(count);
    }
    const none = [{ field: "folder", kind: "none" as const, values: ["2020/"] }];
    expect((await engine.search({ mode: "all", filters: none })).total).toBe(file.count - 4);
    const below = async (under: string, text = "") => (await engine.facets("folder", { under, text })).map(({ value, count }) => [value, count]);
    expect(await below("")).toEqual([["trip", 5], ["2020", 4], ["2021", 2], ["archive", 2]]);
    expect(await below("2020/trips")).toEqual([["2020/trips/italy", 1], ["2020/trips/norway", 1]]);
    expect(await below("2020/")).toEqual([["2020/trips", 3]]);
    expect(await below("2021", "-folder:trips")).toEqual([["2021/New York, spring", 1]]);
    expect(await below("nowhere")).toEqual([]);
    await expect(engine.facets("place", { under: "" })).rejects.toThrow("not paths");
  });
});
