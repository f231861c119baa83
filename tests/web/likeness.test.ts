/** Pictures and texts on one scale, compared with a simple implementation; additions to a site of records. */
import { describe, expect, it } from "vitest";
import { JoinedNearest } from "../../web_assets/src/additions/nearest";
import { Likeness } from "../../web_assets/src/engine/likeness";
import { fullMask, maskOf, without, type Mask } from "../../web_assets/src/engine/mask";
import { FlatNearest, UNKNOWN, type Nearest } from "../../web_assets/src/engine/nearest";
import type { Calibration } from "../../web_assets/src/engine/relevance";
import { createScanner, SimilarityIndex } from "../../web_assets/src/kernel";

const DIM = 16;
const TEMPERATURE = 0.05;
const QUERY = new Float32Array(DIM).fill(1, 0, 1);

/** A likeness whose limit is known. */
async function known(nearest: Nearest, ...rest: [vector: Float32Array, pictured: boolean, calibration: Calibration | null]): Promise<Likeness> {
  const likeness = Likeness.of(nearest, ...rest);
  await likeness.ready;
  return likeness;
}

/** A site in which row r has the similarity `similarities[r]` to QUERY. */
async function site(similarities: readonly number[], texts: Mask | null, missing: readonly number[] = []): Promise<FlatNearest> {
  const count = similarities.length;
  const codes = new Int8Array(Math.ceil(count / 4) * 4 * DIM);
  similarities.forEach((value, row) => { codes[(row >> 2) * 4 * DIM + (row & 3) * DIM] = Math.round(value * 100); });
  const index = new SimilarityIndex(await createScanner(codes, count, DIM), { dim: DIM, mean: new Float32Array(DIM), scale: new Float32Array(DIM).fill(0.01) });
  return new FlatNearest(index, missing.length ? without(null, maskOf(missing, count), count) : null, texts);
}

function stepOf(sample: readonly number[], texts: boolean): { start: number; step: number } {
  const sorted = [...sample].sort((a, b) => a - b);
  const start = sorted[(sorted.length - 1) >> 2]!;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  const deviation = Math.sqrt(sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sorted.length);
  return { start, step: texts ? 0.45 * (1 - start) : Math.min(Math.max(4 * deviation, 6 * TEMPERATURE), 9.5 * TEMPERATURE) };
}

/** 60 pictures and 60 texts in turn; texts are much more similar to everything. */
const MIXED = Array.from({ length: 120 }, (_, row) => (row % 2 ? 0.5 + ((row * 7) % 40) / 100 : ((row * 11) % 50) / 100 - 0.1));
const TEXTS = maskOf(Array.from({ length: 60 }, (_, i) => 2 * i + 1), 120);
const rounded = MIXED.map((value) => Math.round(value * 100) / 100);

describe("pictures and texts in one collection", () => {
  it("are on one scale: the background and the beginning of likely matches are at the same places", async () => {
    const likeness = await known(await site(MIXED, TEXTS), QUERY, false, { temperature: TEMPERATURE });
    const pictures = stepOf(rounded.filter((_, row) => row % 2 === 0), false);
    const texts = stepOf(rounded.filter((_, row) => row % 2 === 1), true);
    const expected = rounded.map((value, row) => (row % 2 ? pictures.start + (value - texts.start) * (pictures.step / texts.step) : value));
    expect(likeness.limit).toBeCloseTo(pictures.start + pictures.step, 5);
    const all = Array.from(MIXED.keys());
    (await likeness.cosines(all)).forEach((value, row) => { expect(value).toBeCloseTo(rounded[row]!, 5); });
    const { rows, similarities } = await likeness.search(30, null);
    const order = all.sort((a, b) => (Math.abs(expected[b]! - expected[a]!) > 1e-6 ? expected[b]! - expected[a]! : a - b)).slice(0, 30);
    expect([...similarities].map((value) => value.toFixed(4))).toEqual(order.map((row) => expected[row]!.toFixed(4)));
    expect(new Set(rows).size).toBe(30);
    // Neither kind fills the list.
    expect([...rows].filter((row) => row % 2).length).toBeGreaterThan(2);
    expect([...rows].filter((row) => row % 2 === 0).length).toBeGreaterThan(2);
    const likely = await likeness.likely();
    expect(new Set(likely)).toEqual(new Set(Array.from(MIXED.keys()).filter((row) => expected[row]! >= likeness.limit!)));
  });

  it("keep masks, and rows without an embedding stay unknown", async () => {
    const likeness = await known(await site(MIXED, without(TEXTS, maskOf([3], 120), 120), [3, 4]), QUERY, false, { temperature: TEMPERATURE });
    const { rows } = await likeness.search(9, maskOf([3, 4, 5, 6], 120));
    expect([...rows].sort()).toEqual([5, 6]);
    expect([...await likeness.cosines([3, 4])]).toEqual([UNKNOWN, UNKNOWN]);
  });

  it("have the limit of pictures for both if the query has a picture", async () => {
    const nearest = await site(MIXED, TEXTS);
    const query = Float32Array.from(QUERY);
    const likeness = await known(nearest, query, true, { temperature: TEMPERATURE });
    const [pictures, texts] = [0, 1].map((kind) => stepOf(rounded.filter((_, row) => row % 2 === kind), false)) as [{ start: number; step: number }, { start: number; step: number }];
    expect((await likeness.search(1, maskOf([1], 120))).similarities[0]).toBeCloseTo(pictures.start + (rounded[1]! - texts.start) * (pictures.step / texts.step), 5);
  });
});

describe("texts alone", () => {
  it("are likely from a share of the way from the background to an equal text", async () => {
    const count = 40;
    const values = Array.from({ length: count }, (_, row) => 0.2 + row / 100);
    const likeness = await known(await site(values, fullMask(count)), QUERY, false, { temperature: TEMPERATURE });
    const { start, step } = stepOf(values, true);
    expect(likeness.limit).toBeCloseTo(start + step, 5);
    expect((await likeness.search(9, maskOf([5], count))).similarities[0]).toBeCloseTo(0.25, 5);
  });

  it("give nothing likely without a model", async () => {
    const likeness = await known(await site([0.5, 0.6], fullMask(2)), QUERY, false, null);
    expect(likeness.limit).toBeNull();
    expect([...await likeness.likely()]).toEqual([]);
  });

  it("share their background with a few added pictures", async () => {
    const values = Array.from({ length: 40 }, (_, row) => row / 100);
    const published = await site(values, fullMask(40));
    const picture = new Float32Array(DIM);
    picture[0] = 0.9;
    const joined = new JoinedNearest(published, [picture]);
    expect(joined.texts).toEqual(maskOf(Array.from(values.keys()), 41));
    const likeness = await known(joined, Float32Array.from(QUERY), false, { temperature: TEMPERATURE });
    const { rows, similarities } = await likeness.search(2, null);
    expect([...rows]).toEqual([40, 39]);
    expect(similarities[0]).toBeCloseTo(0.9, 5);
    expect(similarities[0]).toBeGreaterThan(likeness.limit!);
    expect([...await likeness.likely()]).toEqual([40]);
  });
});
