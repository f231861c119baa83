/** The engine gives the same answers to whole queries of a site of cells as the Python reader. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Engine, type Mode } from "../../web_assets/src/engine";
import { parse } from "../../web_assets/src/engine/query";
import { disagreement, type Ranking } from "./support/agreement";
import { bytes, golden, json } from "./support/files";
import { assets, BASE } from "./support/site";

type Answer = Ranking & { total: number | null; notices?: string[] };

const cases = json<{ query: string; answers: Record<string, Answer> }[]>(golden, "cell-queries.json");
const COUNT = 60;

const serve: typeof fetch = (input) => {
  const path = join(golden, "site-cells", decodeURIComponent(String(input).slice(BASE.length)));
  return Promise.resolve(existsSync(path) ? new Response(bytes(path)) : new Response(null, { status: 404 }));
};

describe("golden queries of a site of cells", () => {
  it("are there", () => {
    expect(cases.length).toBeGreaterThan(10);
    expect(cases.filter(({ answers }) => answers.meaning!.rows.length > 5).length).toBeGreaterThan(8);
  });

  for (const { query, answers } of cases) {
    it(`agree: ${query}`, async () => {
      for (const [mode, want] of Object.entries(answers) as [Mode, Answer][]) {
        // What an earlier query has read does not matter.
        const engine = await Engine.open(BASE, { fetch: serve, assets });
        const response = await engine.search({ text: query, mode, k: COUNT });
        const found = response.results.map(({ row }) => row);
        const { k, sort } = parse(query);
        const problem = disagreement(want, found, { mode, tolerance: 2e-5, limit: k, ordered: sort !== null });
        expect(problem, `${mode}\nwant ${want.rows.join(" ")}\ngot  ${found.join(" ")}`).toBeNull();
        expect(response.total, mode).toBe(want.total);
        expect(response.notices.map(({ kind }) => kind), mode).toEqual(want.notices ?? []);
        if (want.similarity !== undefined) {
          const rounded = response.results.map(({ similarity }) => Math.round((similarity ?? 0) * 1e5));
          expect(rounded.every((value, at) => Math.abs(value - want.similarity![at]!) <= 2), mode).toBe(true);
        }
      }
    });
  }
});
