/** The ground of transparent pictures and the size of thumbnails: the values that the builder's tests have. */
import { describe, expect, it } from "vitest";

import { chooseGround, fittedFor } from "../../web_assets/src/worker/ground";

/** 200 × 120 pixels: a band of `ink`, a spot of `more`, the rest transparent. */
function drawing(ink: number[], more: number[] | null, spot = 400): Parameters<typeof chooseGround>[0] {
  const data = new Uint8ClampedArray(200 * 120 * 4);
  for (let at = 0; at < 4000; at++) data.set([...ink, 255], 4 * at);
  if (more) for (let at = 4000; at < 4000 + spot; at++) data.set([...more, 255], 4 * at);
  return { width: 200, height: 120, data };
}

describe("the ground of a transparent picture", () => {
  it.each([
    [[255, 255, 255], null, "#202020"],
    [[240, 240, 210], null, "#202020"],
    [[255, 255, 0], null, "#202020"],
    [[255, 255, 255], [0, 0, 0], "#ffffff"],
    [[0, 0, 0], null, "#ffffff"],
    [[200, 30, 30], null, "#ffffff"],
    [[150, 150, 150], null, "#ffffff"],
  ])("of %j and %j is %s", (ink, more, ground) => {
    expect(chooseGround(drawing(ink, more))).toBe(ground);
  });

  it("is grey for a light drawing with a few dark parts", () => {
    expect(chooseGround(drawing([255, 255, 255], [0, 0, 0], 100))).toBe("#808080");
  });

  it("is white for what is opaque or empty", () => {
    const opaque = { width: 10, height: 10, data: new Uint8ClampedArray(400).fill(255) };
    expect(chooseGround(opaque)).toBe("#ffffff");
    expect(chooseGround({ ...opaque, data: new Uint8ClampedArray(400) })).toBe("#ffffff");
  });
});

describe("the size of a thumbnail", () => {
  it.each([
    [4000, 3000, 320, 240],
    [3000, 1000, 320, 107],
    [9000, 2000, 480, 107],
    [600, 9000, 83, 1239],
    [9000, 600, 1239, 83],
    [320, 10, 320, 10],
    [100, 50, 100, 50],
    [1, 1, 1, 1],
  ])("of %i × %i is %i × %i", (width, height, w, h) => {
    expect(fittedFor(width, height, 320)).toEqual({ width: w, height: h });
  });
});
