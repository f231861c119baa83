/** The geometry of the map of meaning: areas, what is on screen, labels that make room for each other, thumbnails, colours, the camera. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAP_EDGE, MOST_CORNERS } from "../../web_assets/src/base/map";
import { areaOf, boxOf, inside } from "../../web_assets/src/base/polygon";
import { hue, HUES, NONE, OTHER, placeOf, scaled, tableOf } from "../../web_assets/src/ui/map/colours";
import { between, fit, moved, shownBox, toMap, toScreen, zoomed, type Frame } from "../../web_assets/src/ui/map/frame";
import { labelAt, labelText, thin, widthOf, type Candidate } from "../../web_assets/src/ui/map/labels";
import { eyeOf, nearer, shifted, START, turned } from "../../web_assets/src/ui/map/orbit";
import { Places } from "../../web_assets/src/ui/map/places";

const whole = fc.integer({ min: 0, max: MAP_EDGE });
const size = { width: 1000, height: 600 };

describe("an area", () => {
  const corner = [100, 100, 500, 100, 500, 300, 300, 300, 300, 500, 100, 500];

  it("holds what is inside its corners", () => {
    expect(inside(corner, 200, 400)).toBe(true);
    expect(inside(corner, 400, 200)).toBe(true);
    expect(inside(corner, 400, 400)).toBe(false);
    expect(inside(corner, 99, 200)).toBe(false);
    expect(boxOf(corner)).toEqual([100, 100, 500, 500]);
  });

  it("shares no place with an area beside it", () => {
    const [left, right] = [[0, 0, 50, 0, 50, 50, 0, 50], [50, 0, 100, 0, 100, 50, 50, 50]];
    fc.assert(fc.property(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 49 }), (x, y) => {
      expect([inside(left, x, y), inside(right, x, y)].filter(Boolean)).toHaveLength(1);
    }));
  });

  it("has at most 64 corners of whole numbers on the map, however it was drawn", () => {
    const drawn = fc.array(fc.tuple(fc.double({ min: -9e4, max: 9e4, noNaN: true }), fc.double({ min: -9e4, max: 9e4, noNaN: true })), { minLength: 3, maxLength: 400 });
    fc.assert(fc.property(drawn, (corners) => {
      const area = areaOf(corners.flat());
      if (!area) return;
      expect(area.length).toBeLessThanOrEqual(2 * MOST_CORNERS);
      expect(area.length).toBeGreaterThanOrEqual(6);
      for (const value of area) expect(Number.isInteger(value) && value >= 0 && value <= MAP_EDGE).toBe(true);
    }));
  });

  it("keeps the shape of a circle", () => {
    const circle = Array.from({ length: 500 }, (_, i) => [30_000 + 9000 * Math.cos((i * Math.PI) / 250), 30_000 + 9000 * Math.sin((i * Math.PI) / 250)]).flat();
    const area = areaOf(circle)!;
    expect(area.length).toBeLessThan(100);
    for (let turn = 0; turn < 6; turn += 0.1) {
      expect(inside(area, 30_000 + 8700 * Math.cos(turn), 30_000 + 8700 * Math.sin(turn))).toBe(true);
      expect(inside(area, 30_000 + 9300 * Math.cos(turn), 30_000 + 9300 * Math.sin(turn))).toBe(false);
    }
  });

  it("needs an extent", () => {
    expect(areaOf([5, 5, 5, 5, 5, 5])).toBeNull();
    expect(areaOf([5, 5, 500, 5, 900, 5])).toBeNull();
  });
});

describe("the frame", () => {
  const frames = fc.record({ x: whole, y: whole, scale: fc.double({ min: 0.005, max: 8, noNaN: true }) });

  it("turns places of the map into places of the screen and back", () => {
    fc.assert(fc.property(frames, whole, whole, (frame, x, y) => {
      const [back, down] = toMap(frame, size, ...toScreen(frame, size, x, y));
      expect(back).toBeCloseTo(x, 3);
      expect(down).toBeCloseTo(y, 3);
    }));
  });

  it("shows a whole box", () => {
    fc.assert(fc.property(whole, whole, whole, whole, (a, b, c, d) => {
      const box: [number, number, number, number] = [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)];
      const [left, top, right, bottom] = shownBox(fit(box, size), size);
      expect(left <= box[0] && top <= box[1] && right >= box[2] && bottom >= box[3]).toBe(true);
    }));
  });

  it("keeps the place under the pointer while it zooms", () => {
    const frame: Frame = { x: 30_000, y: 20_000, scale: 0.02 };
    const before = toMap(frame, size, 700, 200);
    const after = toMap(zoomed(frame, size, 3, 700, 200), size, 700, 200);
    expect(after[0]).toBeCloseTo(before[0], 3);
    expect(after[1]).toBeCloseTo(before[1], 3);
  });

  it("never loses the map, and zooms neither too near nor too far", () => {
    fc.assert(fc.property(frames, fc.double({ min: 0.001, max: 1000, noNaN: true }), fc.integer({ min: -1e6, max: 1e6 }), (frame, factor, drag) => {
      const next = moved(zoomed(frame, size, factor), size, drag, -drag);
      expect(next.x >= 0 && next.x <= MAP_EDGE && next.y >= 0 && next.y <= MAP_EDGE).toBe(true);
      expect(next.scale).toBeLessThanOrEqual(8);
      expect(next.scale * MAP_EDGE).toBeGreaterThan(200);
    }));
  });

  it("flies from one frame to another", () => {
    const [from, to]: [Frame, Frame] = [{ x: 100, y: 200, scale: 0.01 }, { x: 30_000, y: 40_000, scale: 2 }];
    expect(between(from, to, 0)).toEqual(from);
    const end = between(from, to, 1);
    expect(end.x).toBeCloseTo(to.x, 6);
    expect(end.scale).toBeCloseTo(to.scale, 6);
    expect(between(from, { ...from, x: 900 }, 0.5).x).toBeGreaterThan(100);
  });
});

describe("labels", () => {
  const candidates = fc.array(fc.record({ topic: fc.nat(99), text: fc.string({ maxLength: 40 }), left: fc.integer({ min: -50, max: 1050 }), top: fc.integer({ min: -50, max: 650 }) }), { maxLength: 80 });

  it("lie on the screen and never over another", () => {
    fc.assert(fc.property(candidates, (given) => {
      const labels = thin(given, size.width, size.height);
      labels.forEach((label, i) => {
        expect(label.left - label.width / 2).toBeGreaterThanOrEqual(0);
        expect(label.left + label.width / 2).toBeLessThanOrEqual(size.width);
        for (const other of labels.slice(0, i)) {
          expect(Math.abs(other.left - label.left) >= (other.width + label.width) / 2 || Math.abs(other.top - label.top) >= 26).toBe(true);
        }
      });
    }));
  });

  it("are those of the most important topics", () => {
    const at = (topic: number, left: number): Candidate => ({ topic, text: "boats, harbour", left, top: 300 });
    expect(thin([at(0, 300), at(1, 310), at(2, 600)], 1000, 600).map(({ topic }) => topic)).toEqual([0, 2]);
    expect(thin([at(1, 310), at(0, 300)], 1000, 600).map(({ topic }) => topic)).toEqual([1]);
    expect(thin(Array.from({ length: 200 }, (_, i) => ({ topic: i, text: "a", left: 20 + 40 * (i % 20), top: 20 + 40 * Math.floor(i / 20) })), 1000, 600, 7)).toHaveLength(7);
  });

  it("have as many words as fit", () => {
    const text = (...words: string[]): string => labelText({ name: words.join(", "), words });
    expect(text("flag", "islands")).toBe("flag, islands");
    expect(text("legacy computing", "stick", "legacy")).toBe("legacy computing, stick");
    expect(text("a".repeat(60), "b")).toBe("a".repeat(60));
    expect(labelText({ name: "12 pictures", words: [] })).toBe("12 pictures");
  });

  it("are found by a click", () => {
    const labels = thin([{ topic: 4, text: "boats", left: 300, top: 300 }], 1000, 600);
    expect(labelAt(labels, 300 + widthOf("boats") / 2 - 1, 308)?.topic).toBe(4);
    expect(labelAt(labels, 300, 330)).toBeNull();
  });
});

describe("places", () => {
  const points = fc.array(fc.tuple(whole, whole), { minLength: 1, maxLength: 300 });
  const made = (given: readonly (readonly [number, number])[], first = 0): Places => {
    const places = new Places();
    places.add(first, Uint16Array.from(given.flat()));
    return places;
  };

  it("finds what a box holds, as looking at every point does", () => {
    fc.assert(fc.property(points, whole, whole, whole, whole, (given, a, b, c, d) => {
      const box = [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)] as const;
      const found: number[] = [];
      made(given, 1000).each(box, (row) => found.push(row) > 0);
      const plain = given.flatMap(([x, y], i) => (x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3] ? [1000 + i] : []));
      expect(found.sort((one, other) => one - other)).toEqual(plain);
    }));
  });

  it("finds the nearest point, a lit one first", () => {
    const places = made([[1000, 1000], [1100, 1000], [60_000, 60_000]]);
    expect(places.nearest(1010, 1000, 200, () => true)).toBe(0);
    expect(places.nearest(1010, 1000, 200, (row) => row === 1)).toBe(1);
    expect(places.nearest(30_000, 30_000, 200, () => true)).toBeNull();
  });

  it("leaves out rows that are not on the map", () => {
    const places = made([[65_535, 65_535], [10, 10]]);
    expect(places.countIn([0, 0, 65_535, 65_535], 10)).toBe(1);
  });

  it("spreads thumbnails so that none is over another", () => {
    fc.assert(fc.property(points, fc.integer({ min: 200, max: 9000 }), (given, side) => {
      const shown = made(given).spread([0, 0, MAP_EDGE, MAP_EDGE], side, 150, (row) => row % 3 === 0);
      expect(shown.length).toBeLessThanOrEqual(150);
      expect(shown.length).toBeGreaterThan(0);
      shown.forEach((one, i) => {
        for (const other of shown.slice(0, i)) expect(Math.abs(one.x - other.x) >= side * 0.9 || Math.abs(one.y - other.y) >= side * 0.75).toBe(true);
      });
    }));
  });

  it("shows thumbnails of what is lit first", () => {
    const shown = made([[1000, 1000], [1010, 1010], [50_000, 50_000]]).spread([0, 0, MAP_EDGE, MAP_EDGE], 4000, 1, (row) => row === 1);
    expect(shown.map(({ row }) => row)).toEqual([1]);
  });
});

describe("colours", () => {
  it("have places for topics, other values and no value", () => {
    for (const dark of [false, true]) {
      const table = tableOf("topics", dark);
      expect([...table.subarray(0, 3)]).toEqual([...hue(0, dark)]);
      expect([...table.subarray(4 * OTHER, 4 * OTHER + 4)]).toEqual([...table.subarray(4 * NONE, 4 * NONE + 4)]);
      for (let i = 3; i < table.length; i += 4) expect(table[i]).toBe(255);
    }
    expect(placeOf(65_535)).toBe(NONE);
    expect(placeOf(HUES + 3)).toBe(3);
  });

  it("of a scale get steadily darker or lighter", () => {
    const light = ([r, g, b]: readonly number[]): number => 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    for (const dark of [false, true]) {
      const steps = Array.from({ length: 21 }, (_, i) => light(scaled(i / 20, dark)) * (dark ? 1 : -1));
      expect(steps.every((step, i) => i === 0 || step > steps[i - 1]!)).toBe(true);
    }
    expect(scaled(-3, false)).toEqual(scaled(0, false));
    expect(scaled(9, false)).toEqual(scaled(1, false));
  });
});

describe("the orbit", () => {
  it("keeps its distance while it turns", () => {
    fc.assert(fc.property(fc.double({ min: -9, max: 9, noNaN: true }), fc.double({ min: -9, max: 9, noNaN: true }), (yaw, pitch) => {
      const orbit = turned(START, yaw, pitch);
      expect(Math.hypot(...eyeOf(orbit).map((part, i) => part - orbit.target[i]!))).toBeCloseTo(START.distance, 9);
      expect(Math.abs(orbit.pitch)).toBeLessThan(Math.PI / 2);
    }));
  });

  it("comes nearer and moves, within limits", () => {
    expect(nearer(START, 2).distance).toBeCloseTo(START.distance / 2);
    expect(nearer(START, 1e9).distance).toBe(0.02);
    expect(nearer(START, 1e-9).distance).toBe(4);
    const aside = shifted(turned({ ...START, yaw: 0, pitch: 0 }, 0, 0), 100, 0, 600);
    expect(aside.target[0]).toBeLessThan(0.5);
    expect(aside.target[1]).toBeCloseTo(0.5);
    expect(Math.max(...shifted(START, -1e7, 1e7, 600).target)).toBeLessThanOrEqual(1.5);
  });
});
