/** Rows without an embedding, published or added on the device: they match nothing and do not belong to the background. */
import { describe, expect, it } from "vitest";
import { JoinedNearest } from "../../web_assets/src/additions/nearest";
import { fullMask, maskOf, without } from "../../web_assets/src/engine/mask";
import { FlatNearest, UNKNOWN, type Nearest } from "../../web_assets/src/engine/nearest";
import { createScanner, SimilarityIndex } from "../../web_assets/src/kernel";

const DIM = 16;
const COUNT = 21;
const MISSING = [0, 3, 20];
const KNOWN = Array.from({ length: COUNT }, (_, row) => row).filter((row) => !MISSING.includes(row));

/** Row r of a site has 1 + r / 32 in dimension r % 16. Rows without an embedding have codes all the same. */
async function flat(missing: readonly number[] = MISSING): Promise<FlatNearest> {
  const codes = new Int8Array(24 * DIM);
  for (let row = 0; row < COUNT; row++) {
    // Rows are interleaved by four, 16 bytes of each.
    codes[(row >> 2) * 4 * DIM + (row & 3) * DIM + (row % DIM)] = 32 + row;
  }
  const index = new SimilarityIndex(await createScanner(codes, COUNT, DIM), { dim: DIM, mean: new Float32Array(DIM), scale: new Float32Array(DIM).fill(1 / 32) });
  return new FlatNearest(index, missing.length ? without(null, maskOf(missing, COUNT), COUNT) : null);
}

const axis = (d: number, length = 1): Float32Array => new Float32Array(DIM).fill(length, d, d + 1);
const sideBySide = async (nearest: Nearest, rows: readonly number[]): Promise<number[]> => [...await nearest.embeddings(rows)];
const QUERIES = [axis(3), axis(0, 0.5), Float32Array.from({ length: DIM }, (_, d) => Math.cos(d))];
const backgrounds = (nearest: Nearest, texts = false): Promise<number[][]> => Promise.all(QUERIES.map(async (query) => [...await nearest.background(query, texts)]));
const similaritiesOf = (nearest: Nearest, rows: readonly number[]): Promise<number[][]> =>
  Promise.all(QUERIES.map(async (query) => [...await nearest.similarities(query, rows)]));

/** Equal up to the rounding of float32. */
function expectClose(found: number[][], expected: number[][]): void {
  expect(found.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  found.forEach((values, i) => values.forEach((value, j) => { expect(value).toBeCloseTo(expected[i]![j]!, 6); }));
}

describe("a site in which some rows have no embedding", () => {
  it("finds only rows that have one, with and without a mask", async () => {
    const nearest = await flat();
    const { rows } = await nearest.search(axis(3), COUNT);
    expect([...rows].sort((a, b) => a - b)).toEqual(KNOWN);
    expect(rows[0]).toBe(19);
    const masked = await nearest.search(axis(3), COUNT, maskOf([2, 3, 19, 20], COUNT));
    expect([...masked.rows]).toEqual([19, 2]);
    expect([...(await nearest.search(axis(3), COUNT, maskOf(MISSING, COUNT))).rows]).toEqual([]);
  });

  it("gives them the least similarity and zeros", async () => {
    const nearest = await flat();
    expect([...await nearest.similarities(axis(3), [3, 19, 2])]).toEqual([UNKNOWN, 1 + 19 / 32, 0]);
    expect(await sideBySide(nearest, [20, 2])).toEqual([...axis(0, 0), ...axis(2, 1 + 2 / 32)]);
    expect([...await nearest.above(axis(3), -2)]).not.toContain(3);
  });

  it("samples the others for the background", async () => {
    const nearest = await flat();
    expectClose(await backgrounds(nearest), await similaritiesOf(nearest, KNOWN));
    expect(await backgrounds(nearest, true)).toEqual(QUERIES.map(() => []));
  });

  it("has everything in memory, and finds all above a limit within a mask", async () => {
    const nearest = await flat();
    expect([...await nearest.held([20, 2])]).toEqual(await sideBySide(nearest, [20, 2]));
    expect([...await nearest.above(axis(3), 1)].sort((a, b) => a - b)).toEqual([19]);
    expect([...await nearest.above(axis(3), -2, maskOf([1, 3, 19], COUNT))].sort((a, b) => a - b)).toEqual([1, 19]);
  });
});

describe("additions beside it", () => {
  const added = [axis(5), null, axis(7)];

  it("leave rows without an embedding out of the background, published and added", async () => {
    const published = await flat();
    const joined = new JoinedNearest(published, added);
    expectClose(await backgrounds(joined), await similaritiesOf(joined, [...KNOWN, COUNT, COUNT + 2]));
    expect(await backgrounds(joined, true)).toEqual(QUERIES.map(() => []));
  });

  it("change nothing of the background but what they add", async () => {
    const published = await flat();
    expect(await backgrounds(new JoinedNearest(published, []))).toEqual(await backgrounds(published));
    expect(await backgrounds(new JoinedNearest(published, [null]))).toEqual(await backgrounds(published));
    const whole = new JoinedNearest(await flat([]), [axis(5)]);
    expect(whole.known).toBeNull();
    expect((await backgrounds(whole)).map(({ length }) => length)).toEqual(QUERIES.map(() => COUNT + 1));
    const partly = new JoinedNearest(await flat([]), [null, axis(5)]);
    expect(partly.known).toEqual(without(fullMask(COUNT + 2), maskOf([COUNT], COUNT + 2), COUNT + 2));
  });

  it("are part of the background at the rate of the published sample", async () => {
    const published = await flat([]);
    // As if every seventh of the published rows was in the sample.
    published.background = () => Promise.resolve(new Float64Array(COUNT / 7));
    const many = Array.from({ length: 16 }, (_, i) => axis(3, 1 + i));
    const background = await new JoinedNearest(published, many).background(axis(3), false);
    expect([...background]).toEqual([0, 0, 0, 1, 6, 11]);
    expect([...await new JoinedNearest(published, many).background(axis(3), true)]).toEqual([0, 0, 0]);
  });

  it("are above a limit and held in memory like published rows", async () => {
    const joined = new JoinedNearest(await flat(), added);
    expect([...await joined.above(axis(5), 1)].sort((a, b) => a - b)).toEqual([5, COUNT]);
    expect([...await joined.above(axis(5), 1, maskOf([5, COUNT + 2], COUNT + 3))]).toEqual([5]);
    expect([...await joined.held([COUNT, 3, COUNT + 1, 5])]).toEqual(await sideBySide(joined, [COUNT, 3, COUNT + 1, 5]));
  });

  it("are unknown if they have no embedding, as published rows are", async () => {
    const joined = new JoinedNearest(await flat(), added);
    expect([...await joined.similarities(axis(5), [COUNT, 3, COUNT + 1, 5])]).toEqual([1, UNKNOWN, UNKNOWN, 1 + 5 / 32]);
    const { rows } = await joined.search(axis(5), COUNT + added.length);
    expect([...rows].sort((a, b) => a - b)).toEqual([...KNOWN, COUNT, COUNT + 2]);
    expect([...(await joined.search(axis(7), 9, maskOf([3, COUNT + 1, COUNT + 2], COUNT + 3))).rows]).toEqual([COUNT + 2]);
  });
});
