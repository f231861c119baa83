/** Results keep their places on screen where the model finds hardly any difference between them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SearchResponse } from "../../web_assets/src/engine";
import { rankScore } from "../../web_assets/src/engine/fusion";
import type { Plan } from "../../web_assets/src/engine/plan";
import type { Ranking } from "../../web_assets/src/engine/ranking";
import { keepPlaces, placed, type Bounds } from "../../web_assets/src/engine/steady";
import { open, rowsOf } from "./support/engine";
import { holdBack, serveTiny } from "./support/site";

const TEMPERATURE = 0.05;
const plan = (given: Partial<Plan> = {}): Plan => ({ mode: "meaning", offset: 0, k: 20, limit: Infinity, sort: null, ...given }) as Plan;

/** A ranking by meaning with these similarities, of the rows 100, 101, … */
function byMeaning(similarities: readonly number[], given: Partial<Ranking> = {}): Ranking {
  const rows = Uint32Array.from(similarities, (_, i) => 100 + i);
  return {
    length: rows.length, total: null, ranked: true, near: { rows, similarities: Float64Array.from(similarities), exact: true },
    rows: (from, to) => rows.subarray(from, to),
    at: (place, row) => ({ row, score: similarities[place]!, similarity: similarities[place]!, ranks: { meaning: place } }),
    ...given,
  };
}

async function order(ranking: Ranking, shown: readonly number[], given: Partial<Plan> = {}): Promise<number[]> {
  const { offset, k } = plan(given);
  const steady = await keepPlaces(ranking, shown, plan(given), TEMPERATURE);
  const end = Math.min(ranking.length, offset + k);
  const rows = Array.from(await steady.rows(offset, end));
  rows.forEach((row, i) => { expect(steady.at(offset + i, row).row).toBe(row); });
  return rows;
}

describe("results by meaning", () => {
  it("stay where they were if they are alike", async () => {
    expect(await order(byMeaning([0.5, 0.49, 0.48]), [102, 100, 101])).toEqual([102, 100, 101]);
  });

  it("move if one of them is really better", async () => {
    expect(await order(byMeaning([0.5, 0.46, 0.45]), [102, 101, 100])).toEqual([100, 101, 102]);
    expect(await order(byMeaning([0.5, 0.46, 0.45]), [101, 102, 100])).toEqual([100, 102, 101]);
  });

  it("leave the place of one that is gone to the best new one", async () => {
    expect(await order(byMeaning([0.5, 0.495, 0.49, 0.485]), [102, 7, 101, 8])).toEqual([102, 100, 101, 103]);
  });

  it("stay on their side of the divide", async () => {
    expect(await order(byMeaning([0.5, 0.499, 0.498, 0.497], { divide: 2 }), [103, 101, 102, 100])).toEqual([100, 101, 102, 103]);
  });

  it("keep their places on a later page, which has the same results as ever", async () => {
    const ranking = byMeaning([0.6, 0.5, 0.499, 0.498, 0.497, 0.4]);
    expect(await order(ranking, [103, 102, 101], { offset: 1, k: 3 })).toEqual([103, 102, 101]);
    const steady = await keepPlaces(ranking, [103, 102, 101], plan({ offset: 1, k: 3 }), TEMPERATURE);
    expect(Array.from(await steady.rows(0, 6))).toEqual([100, 103, 102, 101, 104, 105]);
  });

  it.each<Partial<Plan>>([{ sort: { field: "width", direction: "ascending" } }, { sort: { field: "default", direction: "ascending" } }])("follow another order: %j", async (given) => {
    expect(await order(byMeaning([0.5, 0.49]), [101, 100], given)).toEqual([100, 101]);
  });
});

describe("results of both arms", () => {
  /** Ranks in the words arm by rank in the meaning arm; the similarities fall by a thousandth. */
  function fused(words: ReadonlyMap<number, number>): Ranking {
    const similarities = Float64Array.from({ length: 400 }, (_, i) => 0.5 - 0.001 * i);
    const found = Array.from(similarities, (_, meaning) => {
      const word = words.get(meaning);
      return { row: 100 + meaning, score: rankScore(meaning) + (word === undefined ? 0 : rankScore(word)), ranks: { meaning, ...(word === undefined ? {} : { words: word }) } };
    }).sort((a, b) => b.score - a.score);
    return {
      length: 400, total: null, ranked: true, near: { rows: Uint32Array.from({ length: 400 }, (_, i) => 100 + i), similarities, exact: true },
      rows: (from, to) => found.slice(from, to).map(({ row }) => row), at: (place) => found[place]!,
    };
  }

  it("stay if a small difference in similarity would give the same order", async () => {
    const ranking = fused(new Map());
    // Half of the margin is twelve ranks here.
    expect((await order(ranking, [110, ...Array.from({ length: 9 }, (_, i) => 101 + i), 100], { mode: "all" })).slice(0, 11)).toEqual([110, 101, 102, 103, 104, 105, 106, 107, 108, 109, 100]);
  });

  it("move if only their words make the difference", async () => {
    const ranking = fused(new Map([[40, 0]]));
    expect(Array.from(await ranking.rows(0, 2))).toEqual([140, 100]);
    expect((await order(ranking, [100, 140], { mode: "all" })).slice(0, 2)).toEqual([140, 100]);
  });
});

describe("the order", () => {
  const lists = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 0.1, noNaN: true })), { minLength: 1, maxLength: 40 })
    .map((pairs) => pairs.sort(([a], [b]) => b - a))
    .chain((pairs) => fc.tuple(fc.constant(pairs), fc.shuffledSubarray(Array.from({ length: pairs.length + 5 }, (_, row) => row))));

  it("has each result once, and none before a clearly better one", () => {
    fc.assert(fc.property(lists, ([pairs, shown]) => {
      const bounds = pairs.map(([score, width]): Bounds => ({ low: score - width, high: score + width }));
      const found = placed(pairs.map((_, row) => row), bounds, shown, 0, pairs.length);
      expect([...found].sort((a, b) => a - b)).toEqual(pairs.map((_, row) => row));
      found.forEach((row, i) => {
        for (const later of found.slice(i + 1)) expect(bounds[row]!.high).toBeGreaterThanOrEqual(bounds[later]!.low);
      });
    }));
  });

  it("is the one on screen if all are alike, and that of the ranking if all differ", () => {
    fc.assert(fc.property(lists, ([pairs, shown]) => {
      const rows = pairs.map((_, row) => row);
      const alike = placed(rows, rows.map(() => ({ low: 0, high: 1 })), shown, 0, rows.length);
      shown.forEach((row, place) => { if (row < rows.length && place < rows.length) expect(alike[place]).toBe(row); });
      expect(placed(rows, rows.map((row) => ({ low: -row, high: -row })), shown, 0, rows.length)).toEqual(rows);
    }));
  });
});

describe("a search", () => {
  it("has the same results with and without a first answer, in an order that differs only among those that are alike", async () => {
    const server = serveTiny({ model: true });
    const release = holdBack(server, "model/text.onnx");
    const engine = await open(server);
    const request = { text: "red car", mode: "meaning", k: 24 } as const;
    let first: SearchResponse | null = null;
    const search = engine.search(request, { onPartial: (response) => { first = response; } });
    await expect.poll(() => first?.stage).toBe("static");
    release();
    const [steady, alone] = [await search, await engine.search(request)];
    const similarity = new Map(alone.results.map((result) => [result.row, result.similarity!]));
    expect(new Set(rowsOf(steady))).toEqual(new Set(rowsOf(alone)));
    steady.results.forEach((result, i) => {
      expect(result.similarity).toBe(similarity.get(result.row));
      expect(result.likely).toBe(i < alone.divide!);
    });
    const kept = (response: SearchResponse): number => rowsOf(response).filter((row, place) => rowsOf(first!)[place] === row).length;
    expect(kept(steady)).toBeGreaterThanOrEqual(kept(alone));
  });
});
