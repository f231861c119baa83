/** Relevance, compared with a simple implementation: which rows are likely matches, and which show the same picture. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { duplicates } from "../../web_assets/src/engine/relevance";
import { Likeness } from "../../web_assets/src/engine/likeness";
import { backgroundRows, type Nearest } from "../../web_assets/src/engine/nearest";

const product = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).reduce((sum, value, d) => sum + value * b[d]!, 0);
const unit = (vector: number[]): number[] => vector.map((value) => value / (Math.sqrt(product(vector, vector)) || 1));

function nearestOf(embeddings: readonly number[][]): Nearest {
  const sideBySide = (rows: ArrayLike<number>) => Promise.resolve(Float32Array.from(Array.from(rows).flatMap((row) => embeddings[row]!)));
  const unasked = () => { throw new Error("is not asked for"); };
  return {
    count: embeddings.length, dim: embeddings[0]!.length, known: null, texts: null, rough: false,
    held: sideBySide,
    background: (query, texts) => Promise.resolve(Float64Array.from(texts ? [] : backgroundRows(embeddings.length), (row) => product(Float32Array.from(embeddings[row]!), query))),
    embeddings: unasked, similarities: unasked, search: unasked, above: unasked,
  };
}

/** The similarity from which a row with a picture is likely. */
async function likelyFrom(nearest: Nearest, query: Float32Array, temperature: number, level: number | null = null, pictured = false): Promise<number | null> {
  const likeness = Likeness.of(nearest, query, pictured, { temperature, level });
  await likeness.ready;
  return likeness.limit;
}

/** Rows near a few centres: at several distances, so that pairs lie on both sides of the limit. */
const collections = fc.tuple(fc.integer({ min: 1, max: 37 }), fc.integer({ min: 1, max: 60 }), fc.infiniteStream(fc.double({ min: -1, max: 1, noNaN: true })))
  .map(([dim, count, stream]) => {
    const numbers = (n: number): number[] => Array.from({ length: n }, () => stream.next().value as number);
    const centres = Array.from({ length: 4 }, () => numbers(dim));
    return Array.from({ length: count }, (_, row) => {
      const [spread, offsets] = [numbers(1)[0]! * 0.6, numbers(dim)];
      return centres[row % 4]!.map((value, d) => value + spread * offsets[d]!);
    });
  });

describe("rows that show the same picture", () => {
  it("are the same as if every row were compared with every first one", async () => {
    await fc.assert(fc.asyncProperty(collections, async (embeddings) => {
      const rows = embeddings.map((_, row) => row).reverse();
      const units = embeddings.map((embedding) => Array.from(Float32Array.from(unit(Array.from(Float32Array.from(embedding))))));
      const expected = new Map<number, number>();
      const firsts: number[] = [];
      let close = false;
      for (const row of rows) {
        const similar = firsts.map((first) => ({ first, similarity: product(units[first]!, units[row]!) }));
        const best = similar.reduce((a, b) => (b.similarity > a.similarity ? b : a), { first: -1, similarity: -Infinity });
        // Too near to the limit, or to each other, for single precision to decide.
        close ||= similar.some(({ similarity }) => Math.abs(similarity - 0.93) < 1e-5)
          || similar.some(({ first, similarity }) => first !== best.first && best.similarity - similarity < 1e-5 && similarity > 0.92);
        if (best.similarity >= 0.93) expected.set(row, best.first);
        else firsts.push(row);
      }
      fc.pre(!close);
      expect(await duplicates(rows, nearestOf(embeddings))).toEqual(expected);
    }));
  });

  it("are none in an empty list, and zero embeddings are similar to nothing", async () => {
    expect(await duplicates([], nearestOf([[1, 0]]))).toEqual(new Map());
    expect(await duplicates([0, 1, 2], nearestOf([[0, 0], [0, 0], [1, 0]]))).toEqual(new Map());
  });
});

describe("likely matches", () => {
  it("begin above the first quartile of the background, by its spread, within limits in logits", async () => {
    await fc.assert(fc.asyncProperty(collections, fc.double({ min: 0.001, max: 0.2, noNaN: true }), async (embeddings, temperature) => {
      const query = Float32Array.from(unit(embeddings[0]!));
      const sorted = embeddings.map((embedding) => product(query, embedding)).sort((a, b) => a - b);
      const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
      const deviation = Math.sqrt(sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sorted.length);
      const step = Math.min(Math.max(4 * deviation, 6 * temperature), 9.5 * temperature);
      expect(await likelyFrom(nearestOf(embeddings), query, temperature)).toBeCloseTo(sorted[(sorted.length - 1) >> 2]! + step, 4);
    }));
  });

  it("begin at the level of the model, if it is neither too near to the background nor too far from it", async () => {
    // The background of the first axis: 0.2, without any spread.
    const even = Array.from({ length: 40 }, () => [0.2, Math.sqrt(1 - 0.04)]);
    const at = (level: number, pictured = false) => likelyFrom(nearestOf(even), Float32Array.of(1, 0), 0.05, level, pictured);
    expect(await at(0.45)).toBeCloseTo(0.45, 5);
    expect(await at(0.9)).toBeCloseTo(0.2 + 6 * 0.05, 5);
    expect(await at(0.25)).toBeCloseTo(0.2 + 4 * 0.05, 5);
    expect(await at(-0.5)).toBeCloseTo(0.2 + 4 * 0.05, 5);
    // A query with a picture is compared with pictures, which the level says nothing about.
    expect(await at(0.45, true)).toBeCloseTo(0.2 + 6 * 0.05, 5);
    // With a spread s of the background, between 2 s and 4 s above its first quartile.
    const mixed = Array.from({ length: 40 }, (_, row) => (row % 2 ? [0.4, Math.sqrt(1 - 0.16)] : [0, 1]));
    expect(await likelyFrom(nearestOf(mixed), Float32Array.of(1, 0), 0.05, 0.3)).toBeCloseTo(0.4, 5);
    expect(await likelyFrom(nearestOf(mixed), Float32Array.of(1, 0), 0.01, 0.05)).toBeCloseTo(0.095, 5);
  });

  it("are estimated from 4,096 rows, evenly over the collection, if it is larger", async () => {
    const far = Array.from({ length: 8192 }, (_, row) => [row % 2 ? 1 : 0, 0]);
    // Every second row is sampled, and these are similar to nothing.
    expect(await likelyFrom(nearestOf(far), Float32Array.of(1, 0), 0.01)).toBeCloseTo(0.06, 6);
  });
});
