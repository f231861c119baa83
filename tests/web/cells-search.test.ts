/** The tier `cells`, compared with a plain search over random cells: the same rows, and the same bits of their similarities. */
import { describe, expect, it } from "vitest";
import { JoinedNearest } from "../../web_assets/src/additions/nearest";
import { maskOf } from "../../web_assets/src/engine/mask";
import { UNKNOWN } from "../../web_assets/src/engine/nearest";
import { packingOf, productsWith, valuesOf } from "../../web_assets/src/kernel/packed";
import { plainEmbedding, plainSearch, randomFrom, writeCells, type Options } from "./support/cells";
import { openCells } from "./support/open-cells";

const queryOf = (dim: number, seed: number): Float32Array => {
  const random = randomFrom(seed);
  return Float32Array.from({ length: dim }, () => (random(2001) - 1000) / 1500);
};
const some = (count: number, share: number, seed: number): number[] => {
  const random = randomFrom(seed);
  return Array.from({ length: count }, (_, row) => row).filter(() => random(1000) < 1000 * share);
};

const SITES: [name: string, options: Options][] = [
  ["small", {}],
  ["with a tail, rows without an embedding and empty cells", { seed: 2, tail: 23, missing: [0, 5, 6, 299], empty: [0, 7, 19] }],
  ["with one cell", { seed: 3, rows: 9, cells: 1, least: 1, most: 1 }],
  ["with all rows in the tail", { seed: 4, rows: 30, cells: 3, tail: 30 }],
  ["with more cells than are read", { seed: 5, rows: 2600, cells: 90, least: 3, most: 4, tail: 5, rowsPerFile: 7 }],
];

describe.each(SITES)("a site %s", (_, options) => {
  const written = writeCells(options);
  const { plain, missing } = written;
  const { count, dim } = plain;

  it.each([1, 10, 52, 100, 1024, 1500, count])("finds the same %i rows as the plain search", async (k) => {
    for (const seed of [11, 12, 13]) {
      const { nearest } = await openCells(written);
      const query = queryOf(dim, seed);
      const wanted = plainSearch(plain, query, k, null);
      const found = await nearest.search(query, k);
      expect([...found.rows]).toEqual(wanted.rows);
      expect([...found.similarities]).toEqual(wanted.similarities);
      const rows = Array.from({ length: count }, (_, row) => row);
      expect([...await nearest.similarities(query, rows)]).toEqual(rows.map((row) => wanted.all.get(row) ?? UNKNOWN));
    }
  });

  it.each([0.001, 0.05, 0.5, 0.95, 1])("finds the same rows within a mask of a share of %f", async (share) => {
    const { nearest } = await openCells(written);
    for (const k of [1, 30, 200, 1500]) {
      const allowed = some(count, share, k);
      const query = queryOf(dim, 21 + k);
      const wanted = plainSearch(plain, query, k, new Set(allowed.filter((row) => !missing.includes(row))));
      // A mask of a larger collection, whose further rows are a visitor's.
      const found = await nearest.search(query, k, maskOf([...allowed, count, count + 9], count + 10));
      expect([...found.rows]).toEqual(wanted.rows);
      expect([...found.similarities]).toEqual(wanted.similarities);
      const rows = Array.from({ length: count }, (_, row) => row);
      expect([...await nearest.similarities(query, rows)]).toEqual(rows.map((row) => wanted.all.get(row) ?? UNKNOWN));
    }
  });

  it("has the embeddings of its rows, and in memory those that a search has read", async () => {
    const { nearest } = await openCells(written);
    const rows = Array.from({ length: count }, (_, row) => row).filter((row) => row % 7 === 0 || missing.includes(row));
    const wanted = rows.flatMap((row) => Array.from(Float32Array.from(plainEmbedding(plain, row))));
    expect([...await nearest.held(rows)].every((value) => value === 0)).toBe(true);
    const query = queryOf(dim, 31);
    const found = await nearest.search(query, 60);
    const first = [...found.rows].sort((a, b) => plainSearch(plain, query, 60, null).all.get(b)! - plainSearch(plain, query, 60, null).all.get(a)!).slice(0, 20);
    const held = await nearest.held(first);
    const vectors = first.map((row) => Array.from(Float32Array.from(plainEmbedding(plain, row))));
    const inMemory = vectors.filter((vector, i) => vector.every((value, k) => value === held[i * dim + k]));
    // Those that were refined; others are zeros.
    expect(inMemory.length).toBeGreaterThan(Math.min(first.length, 5) - 1);
    first.forEach((_, i) => {
      const own = held.subarray(i * dim, (i + 1) * dim);
      expect(own.every((value) => value === 0) || vectors[i]!.every((value, k) => value === own[k])).toBe(true);
    });
    expect([...await nearest.embeddings(rows)]).toEqual(wanted);
  });

  it("finds all rows above a limit that searches find, in row order", async () => {
    const { nearest } = await openCells(written);
    const query = queryOf(dim, 41);
    const { similarities } = plainSearch(plain, query, 1024, null);
    const limit = similarities[Math.floor(similarities.length / 2)]!;
    const wanted = plainSearch(plain, query, 1024, null);
    const above = wanted.rows.filter((_, i) => wanted.similarities[i]! >= limit).sort((a, b) => a - b);
    expect([...await nearest.above(query, limit)]).toEqual(above);
    expect([...await nearest.above(query, Infinity)]).toEqual([]);
    const half = some(count, 0.5, 3);
    const within = plainSearch(plain, query, 1024, new Set(half.filter((row) => !missing.includes(row))));
    expect([...await nearest.above(query, limit, maskOf(half, count))]).toEqual(within.rows.filter((_, i) => within.similarities[i]! >= limit).sort((a, b) => a - b));
  });

  it("has a background of its sample, and none of texts", async () => {
    const { nearest } = await openCells(written);
    const query = queryOf(dim, 51);
    let mean = 0;
    query.forEach((value, k) => { mean += value * plain.mean[k]!; });
    expect([...await nearest.background(query, false)]).toEqual(plain.samples.map((codes) => mean + codes.reduce((sum, code, k) => sum + query[k]! * plain.scale[k]! * code, 0)));
    expect([...await nearest.background(query, true)]).toEqual([]);
  });
});

describe("searches for one query", () => {
  it("add up, and the last one that met a row counts", async () => {
    const written = writeCells({ seed: 6 });
    const { nearest } = await openCells(written);
    const [query, count] = [queryOf(10, 1), written.plain.count];
    const all = Array.from({ length: count }, (_, row) => row);
    const known = async () => (await nearest.similarities(query, all)).filter((value) => value !== UNKNOWN).length;
    expect(await known()).toBe(0);
    await nearest.search(query, 1, maskOf([3, 4], count));
    expect(await known()).toBe(2);
    await nearest.search(query, 1, maskOf([4, 5], count));
    expect(await known()).toBe(3);
    // An equal vector is the same query.
    expect((await nearest.similarities(query.slice(), [3, 4, 5])).every((value) => value !== UNKNOWN)).toBe(true);
    expect([...await nearest.similarities(queryOf(10, 2), [3, 4, 5])]).toEqual([UNKNOWN, UNKNOWN, UNKNOWN]);
  });

  it("may find nothing", async () => {
    const { nearest } = await openCells(writeCells({ seed: 7, missing: [4] }));
    expect([...(await nearest.search(queryOf(10, 1), 0)).rows]).toEqual([]);
    expect([...(await nearest.search(queryOf(10, 1), 5, maskOf([], 300))).rows]).toEqual([]);
    expect([...(await nearest.search(queryOf(10, 1), 5, maskOf([4], 300))).rows]).toEqual([]);
    expect([...(await nearest.search(new Float32Array(10), 5)).similarities]).toEqual([0, 0, 0, 0, 0]);
  });

  it("are refused with other dimensions or numbers that are not finite", async () => {
    const { nearest } = await openCells(writeCells({ seed: 8 }));
    await expect(nearest.search(queryOf(9, 1), 5)).rejects.toThrow("9 dimensions");
    await expect(nearest.search(queryOf(10, 1).fill(NaN, 0, 1), 5)).rejects.toThrow("not finite");
  });
});

describe("a visitor's additions beside cells", () => {
  it("are found among the published rows and read no further cells for their background", async () => {
    const written = writeCells({ seed: 9, tail: 4, missing: [7] });
    const { nearest, server } = await openCells(written);
    const query = queryOf(10, 3);
    const published = await nearest.search(query, 5);
    const added = [query.map((value) => value * 1000), null, query.map((value) => -value)];
    const joined = new JoinedNearest(nearest, added);
    const best = await joined.search(query, 5);
    expect([...best.rows]).toEqual([300, ...published.rows.subarray(0, 4)]);
    const asked = server.asked.length;
    expect((await joined.background(query, false)).length).toBe(299 + 2);
    expect(server.asked.length).toBe(asked);
    const limit = best.similarities[1]!;
    expect([...await joined.above(query, limit)]).toEqual([...await nearest.above(query, limit), 300]);
    const held = await joined.held([300, published.rows[0]!, 301]);
    expect([...held.subarray(0, 10)]).toEqual([...added[0]!]);
    expect([...held.subarray(10, 20)]).toEqual([...Float32Array.from(plainEmbedding(written.plain, published.rows[0]!))]);
    expect([...held.subarray(20)].every((value) => value === 0)).toBe(true);
  });
});

describe("products with packed codes", () => {
  it("are those of unpacked codes, also across tiles and without bits", () => {
    const random = randomFrom(5);
    const bits = Uint8Array.from({ length: 40 }, () => random(8));
    const packing = packingOf(bits);
    const rows = 600;
    const codes = Uint8Array.from({ length: rows * packing.rowBytes }, () => random(256));
    const weights = Float64Array.from({ length: 40 }, () => random(1000) / 7 - 70);
    const found = productsWith(weights, codes, 3, rows - 3, packing);
    for (const row of [3, 4, 258, 259, 260, 599]) {
      const values = valuesOf(codes, row, packing);
      bits.forEach((width, d) => {
        expect(Math.abs(values[d]!)).toBeLessThan(2 ** width);
        expect(width ? Math.abs(values[d]! % 2) : values[d]).toBe(width ? 1 : 0);
      });
      expect(found[row - 3]).toBe(values.reduce((sum, value, d) => sum + weights[d]! * value, 0));
    }
  });
});
