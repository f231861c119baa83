/** Full-text expressions without SQLite against SQLite's own answers (tests/golden/expressions.json.gz). */
import { describe, expect, it } from "vitest";
import { SyntaxProblem, TermsText, type Matches } from "../../web_assets/src/catalog";
import { analyze } from "../../web_assets/src/catalog/analysis";
import { MemoryTerms } from "../../web_assets/src/catalog/memory-terms";
import { decoded, golden } from "./support/files";

interface Case {
  expression: string;
  problem?: string;
  rows?: number[];
  ranks?: number[];
}

const { columns, texts, cases } = JSON.parse(new TextDecoder().decode(decoded(golden, "expressions.json.gz"))) as {
  columns: string[]; texts: string[][]; cases: Case[];
};
const text = new TermsText(new MemoryTerms(texts.map((row) => row.map(analyze))), columns);

describe("expressions", () => {
  it("are refused with the same messages as by SQLite, or find the same rows in the same order with the same bm25", async () => {
    const wrong = [];
    for (const { expression, problem, rows, ranks } of cases) {
      const found = await text.match(expression).catch((error: unknown) => error);
      const same = problem !== undefined || !("ranks" in (found as object))
        ? found instanceof SyntaxProblem && found.message === problem
        : [...(found as Matches).rows].join() === rows!.join() && ranks!.every((rank, i) => Math.abs((found as Matches).ranks[i]! - rank) < 1e-9);
      if (!same) wrong.push({ expression: expression.slice(0, 200), found, problem, rows, ranks });
    }
    expect(wrong).toEqual([]);
    expect(cases.filter(({ problem }) => problem).length).toBeGreaterThan(200);
    expect(cases.filter(({ problem }) => !problem).length).toBeGreaterThan(1900);
  });

  it("find the same rows without ranking", async () => {
    const wrong = [];
    for (const { expression, problem, rows } of cases) {
      if (problem) continue;
      const found = await text.having(expression);
      if ([...found].join() !== [...rows!].sort((a, b) => a - b).join()) wrong.push({ expression, found, rows });
    }
    expect(wrong).toEqual([]);
  });

  it("of any length and depth have an answer", async () => {
    for (const expression of ["(".repeat(100_000), `${"(".repeat(50_000)}dog${")".repeat(50_000)}`, `dog${" NOT cat".repeat(10_000)}`]) {
      await expect(text.match(expression)).rejects.toThrow(SyntaxProblem);
    }
    const all = await text.having("d* OR c* OR r* OR s* OR b* OR o* OR n*");
    expect(all.length).toBeGreaterThan(100);
    expect(await text.having("dog ".repeat(2000))).toEqual(await text.having("dog"));
    const many = Array.from({ length: 2000 }, (_, i) => `d* OR word${i}`).join(" OR ");
    expect(await text.having(many)).toEqual(await text.having("d*"));
  });
});

describe("highlighting", () => {
  it("marks what SQLite would mark", async () => {
    const marked = (value: string, expression: string) => text.highlight([value, "", ""], expression).then(([title]) => title);
    expect(await marked("old dogs and an old dog", '"old dog"')).toEqual(["", "old dogs", " and an ", "old dog"]);
  });
});
