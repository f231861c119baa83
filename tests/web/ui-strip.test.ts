/** The film strip below an open picture: which places it covers, how far it is scrolled, which thumbnails it draws. */
import { describe, expect, it } from "vitest";

import { CELL, drawnOf, lengthOf, middleOf, reachOf } from "../../web_assets/src/ui/detail/strip-window";

describe("the film strip", () => {
  it("reaches a short list as a whole, and 500 pictures on either side in a long one", () => {
    expect(reachOf(null, 3, 161)).toEqual({ first: 0, end: 161 });
    expect(reachOf(null, 20_000, 1_000_000)).toEqual({ first: 19_500, end: 20_501 });
    expect(lengthOf(reachOf(null, 500_000, 1_000_000))).toBeLessThan(100_000);
  });

  it("stays while the open picture is well within, and moves on before its end", () => {
    const reach = reachOf(null, 20_000, 1_000_000);
    expect(reachOf(reach, 20_399, 1_000_000)).toBe(reach);
    expect(reachOf(reach, 20_401, 1_000_000)).toEqual({ first: 19_901, end: 20_902 });
    expect(reachOf(reach, 19_599, 1_000_000)).toEqual({ first: 19_099, end: 20_100 });
    // At the ends of the list there is nowhere to go.
    const start = reachOf(null, 0, 1_000_000);
    expect(reachOf(start, 5, 1_000_000)).toBe(start);
    const short = reachOf(null, 0, 161);
    expect(reachOf(short, 160, 161)).toBe(short);
    // Another list, or one that has grown.
    expect(reachOf(short, 2, 40)).toEqual({ first: 0, end: 40 });
    expect(reachOf(short, 100, 240)).toEqual({ first: 0, end: 240 });
  });

  it("has the open picture in its middle, but for the ends", () => {
    const reach = reachOf(null, 20_000, 1_000_000);
    expect(middleOf(20_000, reach, 1000) + 500).toBe((500 + 0.5) * CELL);
    expect(middleOf(0, reachOf(null, 0, 161), 1000)).toBe(0);
    expect(middleOf(160, reachOf(null, 160, 161), 1000)).toBe(161 * CELL - 1000);
    expect(middleOf(2, reachOf(null, 2, 4), 1000)).toBe(0);
  });

  it("draws what can be seen and little more", () => {
    const reach = reachOf(null, 20_000, 1_000_000);
    const drawn = drawnOf(reach, middleOf(20_000, reach, 1000), 1000);
    expect(drawn.end - drawn.first).toBeLessThan(1000 / CELL + 12);
    expect(drawn.first).toBeLessThan(20_000 - 500 / CELL);
    expect(drawn.end).toBeGreaterThan(20_000 + 500 / CELL);
    expect(drawnOf({ first: 0, end: 3 }, 0, 1000)).toEqual({ first: 0, end: 3 });
    expect(drawnOf(reachOf(null, 160, 161), 161 * CELL - 1000, 1000).end).toBe(161);
  });
});
