/** One conformance suite for both implementations of the scan, against brute force in plain arithmetic. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BLOCK_ROWS, createScanner, integerQuery, SimilarityIndex, TopK } from "../../web_assets/src/kernel";

const backends = ["wasm", "js"] as const;

/** A small generator of repeatable numbers (mulberry32). */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Rows of codes and the same codes interleaved as docs/FORMAT.md 2.9 says. */
function makeCodes(count: number, dim: number, next: () => number, levels = 255) {
  const paddedDim = Math.ceil(dim / 16) * 16;
  const rows = Array.from({ length: count }, () => Int8Array.from({ length: dim }, () => Math.floor(next() * levels) - (levels >> 1)));
  const codes = new Int8Array(4 * paddedDim * Math.ceil(count / 4));
  rows.forEach((row, r) => row.forEach((code, d) => {
    codes[(r >> 2) * 4 * paddedDim + (d >> 4) * 64 + (r & 3) * 16 + (d & 15)] = code;
  }));
  return { rows, codes, paddedDim };
}

function bruteForce(rows: Int8Array[], query: Int16Array, k: number, allowed: (row: number) => boolean) {
  return rows
    .map((row, r) => ({ r, dot: row.reduce((sum, code, d) => sum + code * query[d]!, 0) }))
    .filter(({ r }) => allowed(r))
    .sort((a, b) => b.dot - a.dot || a.r - b.r)
    .slice(0, k);
}

describe.each(backends)("scan (%s)", (backend) => {
  it.each([
    [1, 16, 5], [3, 20, 3], [4, 16, 4], [5, 33, 2], [257, 64, 10], [1000, 48, 1000], [BLOCK_ROWS + 13, 16, 40], [3 * BLOCK_ROWS, 32, 7],
  ])("gives the exact best of %i rows of %i dimensions, k = %i", async (count, dim, k) => {
    const next = random(count * 31 + dim);
    const { rows, codes, paddedDim } = makeCodes(count, dim, next);
    const query = integerQuery(Float64Array.from({ length: dim }, () => next() - 0.5), paddedDim).values;
    const scanner = await createScanner(codes, count, paddedDim, backend);
    expect(scanner.backend).toBe(backend);
    const hits = scanner.scan(query, k);
    const expected = bruteForce(rows, query, k, () => true);
    expect([...hits.rows]).toEqual(expected.map(({ r }) => r));
    expect([...hits.dots]).toEqual(expected.map(({ dot }) => dot));
  });

  it("orders ties by row, and at the limit keeps the smaller rows", async () => {
    const { rows, codes, paddedDim } = makeCodes(BLOCK_ROWS * 2 + 5, 16, random(7), 3);
    const query = new Int16Array(paddedDim).fill(1);
    const scanner = await createScanner(codes, rows.length, paddedDim, backend);
    expect([...scanner.scan(query, 500).rows]).toEqual(bruteForce(rows, query, 500, () => true).map(({ r }) => r));
  });

  it("finds only rows of the mask, whatever its spare bits are", async () => {
    const next = random(99);
    const { rows, codes, paddedDim } = makeCodes(BLOCK_ROWS + 3, 32, next);
    const query = integerQuery(Float64Array.from({ length: 32 }, () => next() - 0.5), paddedDim).values;
    const scanner = await createScanner(codes, rows.length, paddedDim, backend);
    for (const share of [0, 0.01, 0.5, 1]) {
      const mask = new Uint8Array(Math.ceil(rows.length / 8)).fill(0).map(() => (share === 1 ? 255 : 0));
      if (share < 1) for (let r = 0; r < rows.length; r++) if (next() < share) mask[r >> 3]! |= 1 << (r & 7);
      mask[mask.length - 1]! |= 0b11111000;
      const allowed = (row: number) => (mask[row >> 3]! & (1 << (row & 7))) !== 0;
      expect([...scanner.scan(query, 25, mask).rows]).toEqual(bruteForce(rows, query, 25, allowed).map(({ r }) => r));
    }
    // A mask must not affect the next scan.
    expect([...scanner.scan(query, 25).rows]).toEqual(bruteForce(rows, query, 25, () => true).map(({ r }) => r));
  });

  it("does not overflow with extreme codes and any query", async () => {
    const dim = 4096;
    const { rows, codes, paddedDim } = makeCodes(8, dim, () => 0.999999);
    expect(rows).toHaveLength(8);
    rows.forEach((row) => expect(row[0]).toBe(127));
    const scanner = await createScanner(codes, 8, paddedDim, backend);
    const { values, step } = integerQuery(new Float64Array(dim).fill(1), paddedDim);
    const hits = scanner.scan(values, 1);
    expect((hits.dots[0]! * step) / (127 * dim)).toBeCloseTo(1, 3);
  });

  it("gives nothing for k = 0 and an empty collection", async () => {
    const { codes, paddedDim } = makeCodes(9, 16, random(1));
    const scanner = await createScanner(codes, 9, paddedDim, backend);
    expect(scanner.scan(new Int16Array(paddedDim), 0).rows).toHaveLength(0);
    const empty = await createScanner(new Int8Array(0), 0, 16, backend);
    expect(empty.scan(new Int16Array(16), 5).rows).toHaveLength(0);
  });
});

describe("both implementations", () => {
  it("give identical results for any input", async () => {
    await fc.assert(fc.asyncProperty(
      fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 80 }), fc.integer(), fc.boolean(),
      async (count, dim, k, seed, masked) => {
        const next = random(seed);
        const { codes, paddedDim } = makeCodes(count, dim, next);
        const { values } = integerQuery(Float64Array.from({ length: dim }, () => (next() - 0.5) * 10 ** Math.floor(next() * 6)), paddedDim);
        const mask = masked ? Uint8Array.from({ length: Math.ceil(count / 8) }, () => next() * 256) : null;
        const [wasm, js] = await Promise.all(backends.map(async (backend) => (await createScanner(codes, count, paddedDim, backend)).scan(values, k, mask)));
        expect(wasm).toEqual(js);
      }), { numRuns: 60 });
  });
});

describe("integerQuery", () => {
  it("keeps every value in 16 bits and every possible sum in 32", () => {
    fc.assert(fc.property(
      fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 2048 }), (weights) => {
        const { values, step } = integerQuery(weights, Math.ceil(weights.length / 16) * 16);
        const sum = values.reduce((total, value) => total + Math.abs(value), 0);
        expect(sum * 127).toBeLessThan(2 ** 31);
        weights.forEach((weight, d) => expect(Math.abs(values[d]! * step - weight)).toBeLessThanOrEqual(step * 0.5000001 + 1e-290));
      }));
  });

  it("is zero for a query without direction", () => {
    expect(integerQuery([0, 0, 0], 16)).toEqual({ values: new Int16Array(16), step: 0 });
  });
});

describe("SimilarityIndex", () => {
  it("gives the similarities of the format, most similar first", async () => {
    const next = random(5);
    const [count, dim] = [300, 37];
    const { rows, codes, paddedDim } = makeCodes(count, dim, next);
    const mean = Float32Array.from({ length: dim }, () => next() - 0.5);
    const scale = Float32Array.from({ length: dim }, () => next() * 0.01 + 1e-4);
    const query = Float32Array.from({ length: dim }, () => next() - 0.5);
    const index = new SimilarityIndex(await createScanner(codes, count, paddedDim), { dim, mean, scale });
    const expected = rows
      .map((row, r) => ({ r, similarity: row.reduce((sum, code, d) => sum + query[d]! * (mean[d]! + scale[d]! * code), 0) }))
      .sort((a, b) => b.similarity - a.similarity);
    const found = index.search(query, 50);
    expect([...found.rows]).toEqual(expected.slice(0, 50).map(({ r }) => r));
    expect(found.similarities).toHaveLength(50);
    found.similarities.forEach((similarity, i) => expect(similarity).toBeCloseTo(expected[i]!.similarity, 6));
    expect(index.similarities(query, [7, 3])[1]).toBeCloseTo(expected.find(({ r }) => r === 3)!.similarity, 6);
    expect(index.embeddings([3, 4])[37 + 36]).toBeCloseTo(mean[36]! + scale[36]! * rows[4]![36]!, 6);
  });

  it("refuses a query of another length", async () => {
    const index = new SimilarityIndex(await createScanner(new Int8Array(64), 1, 16), { dim: 16, mean: new Float32Array(16), scale: new Float32Array(16).fill(1) });
    expect(() => index.search(new Float32Array(15), 1)).toThrow(RangeError);
  });
});

describe("TopK", () => {
  it("equals a sort", () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 60 }), fc.integer({ min: 0, max: 20 }), (dots, k) => {
      const top = new TopK(k);
      dots.forEach((dot, row) => top.push(row, dot));
      const expected = dots.map((dot, row) => ({ dot, row })).sort((a, b) => b.dot - a.dot || a.row - b.row).slice(0, k);
      const { rows } = top.finish();
      expect([...rows]).toEqual(expected.map(({ row }) => row));
    }));
  });
});
