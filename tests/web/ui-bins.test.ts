/** The bins of histograms, and the ranges that they choose. */
import { describe, expect, it } from "vitest";

import { binsOf, dateEdges, numberEdges, rangeOfBins } from "../../web_assets/src/ui/filters/bins";

const at = (...day: [number, number?, number?]) => Date.UTC(day[0], (day[1] ?? 1) - 1, day[2] ?? 1) / 1000;
const encloses = (edges: number[] | null, min: number, max: number): void => {
  expect(edges!.length).toBeGreaterThan(1);
  expect(edges!.length).toBeLessThan(70);
  expect(edges![0]).toBeLessThanOrEqual(min);
  expect(edges!.at(-1)).toBeGreaterThan(max);
  edges!.forEach((edge, i) => { if (i) expect(edge).toBeGreaterThan(edges![i - 1]!); });
};

describe("the edges of numbers", () => {
  it("are round and enclose the range", () => {
    expect(numberEdges(0, 4)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(numberEdges(7, 7)).toEqual([7, 8]);
    for (const [min, max] of [[1.8, 22], [-200, 651], [0.1, 0.3], [640, 12_000], [0.0001, 30], [100, 409_600], [1, 1e9]] as const) encloses(numberEdges(min, max), min, max);
    expect(numberEdges(1, 10_000)).toEqual([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000]);
  });

  it("are none for numbers that cannot be told apart", () => {
    expect(numberEdges(-1e308, 1.7e308)).toBeNull();
    expect(numberEdges(1e15, 1e15 + 3)).toBeNull();
  });
});

describe("the edges of dates", () => {
  it("are days, months or years", () => {
    expect(dateEdges(at(2023, 3, 1), at(2023, 3, 3) - 1)).toEqual([at(2023, 3, 1), at(2023, 3, 2), at(2023, 3, 3)]);
    expect(dateEdges(at(2023, 11, 5), at(2024, 2, 5))).toEqual([at(2023, 11), at(2023, 12), at(2024, 1), at(2024, 2), at(2024, 3)]);
    expect(dateEdges(at(2001, 5), at(2020, 6))).toHaveLength(21);
    for (const [min, max] of [[at(1503), at(2024, 5)], [at(1), at(9999, 12, 31)], [at(1969, 12, 31), at(1970, 1, 1)]] as const) encloses(dateEdges(min, max), min, max);
  });
});

describe("a choice of bins", () => {
  it("becomes a range and is found again in it", () => {
    for (const [edges, whole] of [[numberEdges(0, 4)!, true], [numberEdges(1.8, 22)!, false], [dateEdges(at(2001), at(2020)), true]] as const) {
      for (let from = 0; from < edges.length - 1; from++) {
        for (let to = from; to < edges.length - 1; to++) {
          const { min, max } = rangeOfBins(edges, from, to, whole);
          expect(binsOf(edges, whole, min, max)).toEqual([from, to]);
        }
      }
    }
  });

  it("ends before the next whole number or day", () => {
    expect(rangeOfBins([0, 1, 2, 3], 1, 1, true)).toEqual({ min: 1, max: 1 });
    expect(rangeOfBins([0, 1, 2, 3], 1, 1, false)).toEqual({ min: 1, max: 2 });
  });

  it("may be open at one end, or outside", () => {
    expect(binsOf([0, 1, 2, 3], true, 1)).toEqual([1, 2]);
    expect(binsOf([0, 1, 2, 3], true, undefined, 1)).toEqual([0, 1]);
    expect(binsOf([0, 1, 2, 3], true, 9)).toBeNull();
    expect(binsOf([0, 1, 2, 3], true, undefined, -4)).toBeNull();
  });
});
