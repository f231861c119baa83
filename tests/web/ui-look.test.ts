/** Density and captions: what is remembered, and what they do to the layout of the grid. */
import { describe, expect, it } from "vitest";
import { PLAIN, storedLook, storeLook, type Look } from "../../web_assets/src/ui/look";
import { layoutSection, measureFor } from "../../web_assets/src/ui/results/grid/rows";

const storage = () => {
  const kept = new Map<string, string>();
  return { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
};
const LOOKS: Look[] = [true, false].flatMap((compact) => [true, false].map((captions) => ({ compact, captions })));

describe("the look of the grid", () => {
  it("has captions at first on devices that are touched", () => {
    const empty = storage();
    expect(storedLook(true, () => empty)).toEqual({ compact: false, captions: true });
    expect(storedLook(false, () => empty)).toEqual(PLAIN);
  });

  it("is remembered, whatever the device", () => {
    expect(LOOKS).toHaveLength(4);
    for (const look of LOOKS) {
      const kept = storage();
      storeLook(look, () => kept);
      for (const touch of [true, false]) expect(storedLook(touch, () => kept)).toEqual(look);
    }
  });

  it("lasts as long as the page if storage is refused", () => {
    const refused = (): never => { throw new Error("SecurityError"); };
    expect(() => storeLook(PLAIN, refused)).not.toThrow();
    expect(storedLook(true, refused)).toEqual({ compact: false, captions: true });
  });

  it("makes rows lower if it is compact, and leaves room for captions below each row", () => {
    const ratios = Array.from({ length: 40 }, (_, i) => 0.7 + (i % 5) * 0.3);
    for (const width of [360, 800, 1200, 2000]) {
      const plain = measureFor(width);
      expect(measureFor(width, { compact: true, captions: false }).rowHeight).toBeLessThan(0.8 * plain.rowHeight);
      const captioned = measureFor(width, { compact: false, captions: true });
      const [without, withCaptions] = [layoutSection(ratios, plain, true), layoutSection(ratios, captioned, true)];
      expect(withCaptions.boxes.map((box) => [box.left, box.width, box.height])).toEqual(without.boxes.map((box) => [box.left, box.width, box.height]));
      const rows = new Set(without.boxes.map(({ top }) => Math.round(top))).size;
      expect(rows).toBeGreaterThan(2);
      expect(withCaptions.height).toBeCloseTo(without.height + rows * captioned.caption, 3);
    }
  });
});
