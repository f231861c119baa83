/** Where the rows of long lists are, and how the page scrolls to them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { anchorAt, boxOf, geometryOf, heightOf, neighbour, visible } from "../../web_assets/src/ui/results/grid/layout";
import { measureFor } from "../../web_assets/src/ui/results/grid/rows";
import { anchorOf, DIVIDER, heightOfAnchor, rowAt, rowsBetween, rowsOf, topOf, type Rows } from "../../web_assets/src/ui/results/list/geometry";
import { drawnHeight, isBetween, scrolledTo, tallestAt, toDrawn, toList, type Scale } from "../../web_assets/src/ui/results/scroll-scale";
import { browseList, PAGE, withPage } from "../../web_assets/src/ui/state/list";

const MILLION = 1_000_000;
const SCREEN = 900;
/** A million rows of a list, of a grid on a desktop and of one on a phone. */
const tall: Scale = { total: MILLION * 132, tallest: tallestAt(1) };

describe("the scale of a page", () => {
  const scales = fc.record({ total: fc.integer({ min: 1, max: 400_000_000 }), tallest: fc.integer({ min: 40_000, max: 8_000_000 }) });

  it("stays below what browsers draw, at every zoom", () => {
    expect(tallestAt(1)).toBeLessThan(17_800_000);
    for (const ratio of [0.3, 1, 2, 3, 4, 10]) expect(tallestAt(ratio) * ratio).toBeLessThan(33_500_000);
    expect(drawnHeight(tall)).toBe(tall.tallest);
    expect(drawnHeight({ total: 5000, tallest: tall.tallest })).toBe(5000);
  });

  it("leads to every height of the list and back, in order", () => {
    fc.assert(fc.property(scales, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (scale, a, b) => {
      const [low, high] = [Math.min(a, b) * scale.total, Math.max(a, b) * scale.total];
      expect(toList(toDrawn(low, scale), scale)).toBeCloseTo(low, 3);
      expect(toDrawn(low, scale)).toBeLessThanOrEqual(toDrawn(high, scale) + 1e-6);
      expect(toDrawn(high, scale)).toBeLessThanOrEqual(drawnHeight(scale) + 1e-6);
    }));
    expect(toList(0, tall)).toBe(0);
    expect(toList(tall.tallest, tall)).toBe(tall.total);
  });

  it("is the list itself near both ends, and everywhere in a short list", () => {
    for (const y of [0, 1, 400_000]) {
      expect(toDrawn(y, tall)).toBe(y);
      expect(toDrawn(tall.total - y, tall)).toBe(tall.tallest - y);
      expect(isBetween(toDrawn(y, tall), tall)).toBe(false);
    }
    expect(isBetween(toDrawn(tall.total / 2, tall), tall)).toBe(true);
    const short: Scale = { total: 300_000, tallest: tall.tallest };
    for (const y of [0, 1, 299_999]) expect(toDrawn(y, short)).toBe(y);
    expect(isBetween(150_000, short)).toBe(false);
  });

  it("moves the list by small steps as much as the page, and by jumps to their place", () => {
    const y = 60_000_123;
    const last = { drawn: toDrawn(y, tall), y };
    expect(scrolledTo(last.drawn + 130, last, tall, SCREEN)).toBeCloseTo(y + 130);
    expect(scrolledTo(last.drawn - 850, last, tall, SCREEN)).toBeCloseTo(y - 850);
    expect(scrolledTo(last.drawn + 50_000, last, tall, SCREEN)).toBeCloseTo(toList(last.drawn + 50_000, tall));
    // However far the page has drifted, its ends are those of the list.
    expect(scrolledTo(0, { drawn: 800, y: 5_000_000 }, tall, SCREEN)).toBe(0);
    expect(scrolledTo(tall.tallest - SCREEN, { drawn: tall.tallest - 1700, y: 9 }, tall, SCREEN)).toBe(tall.total - SCREEN);
  });

  it("never leaves the list, whatever the person does", () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: -40_000, max: 40_000 }), { minLength: 1, maxLength: 200 }), (steps) => {
      const scale: Scale = { total: 9_000_000, tallest: 60_000 };
      let last = { drawn: 0, y: 0 };
      for (const step of steps) {
        const drawn = Math.min(scale.tallest - SCREEN, Math.max(0, last.drawn + step));
        const y = scrolledTo(drawn, last, scale, SCREEN);
        expect(y).toBeGreaterThanOrEqual(-2 * SCREEN);
        expect(y).toBeLessThanOrEqual(scale.total);
        // A pause puts the page where it belongs.
        last = { drawn: toDrawn(y, scale), y };
      }
    }));
  });
});

describe("the rows of a list", () => {
  const of = (count: number, divide: number | null = null): Rows => rowsOf({ length: count, divide, exhausted: true, page: PAGE, pages: [] }, 132);

  it("have their places, the last of a million too", () => {
    for (const divide of [null, 0, 7, 999_999]) {
      const rows = of(MILLION, divide);
      expect(rows.total).toBe(132 * MILLION + (divide ? DIVIDER : 0));
      for (const index of [0, 6, 7, 500_000, 999_999]) {
        expect(rowAt(rows, topOf(rows, index))).toBe(index);
        expect(rowAt(rows, topOf(rows, index) + 131)).toBe(index);
        const anchor = { index, shift: 40 };
        expect(heightOfAnchor(rows, anchor)).toBe(topOf(rows, index) + 40);
        expect(anchorOf(rows, heightOfAnchor(rows, anchor))).toEqual(anchor);
      }
      expect(rowAt(rows, rows.total + 99)).toBe(999_999);
      expect(rowAt(rows, -5)).toBe(0);
    }
  });

  it("that touch the screen are drawn, and no others", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 3000 }), fc.option(fc.integer({ min: 0, max: 3000 })), fc.integer({ min: -2000, max: 450_000 }), (count, divide, from) => {
      const rows = of(count, divide);
      const { first, end } = rowsBetween(rows, from, from + SCREEN);
      for (let index = 0; index < count; index++) {
        const top = topOf(rows, index);
        const inside = top < from + SCREEN && top + 132 > from;
        if (inside) expect(index >= first && index < end).toBe(true);
      }
      expect(end - first).toBeLessThanOrEqual(Math.ceil(SCREEN / 132) + 2);
    }), { numRuns: 40 });
  });

  it("go on below a ranking without a known end", () => {
    const list = { length: 120, divide: null, exhausted: false, page: PAGE, pages: [{ status: "loading" as const }, undefined] };
    expect(rowsOf(list, 132).count).toBe(2 * PAGE);
    expect(of(0).total).toBe(0);
    expect(rowsBetween(of(0), 0, SCREEN)).toEqual({ first: 0, end: 0 });
  });
});

describe("a grid of a million pictures", () => {
  const last = Math.floor((MILLION - 1) / PAGE);
  const filled = (pages: number[]) => {
    let list = browseList("#", MILLION);
    for (const page of pages) {
      const rows = Array.from({ length: Math.min(PAGE, MILLION - page * PAGE) }, (_, i) => page * PAGE + i);
      const infos = rows.map((row) => ({ row, id: String(row), width: 1000 + 37 * (row % 20), height: 1000, thumbnail: null, placeholder: new Uint8Array() }));
      list = withPage(list, page, { status: "ready", results: rows.map((row) => ({ row, score: 0 })), infos }, MILLION);
    }
    return list;
  };

  it.each([390, 1280])("reaches the last one, %i pixels wide", (width) => {
    const geometry = geometryOf(filled([0, last]), measureFor(width));
    expect(geometry.height).toBeGreaterThan(33_500_000);
    const scale: Scale = { total: geometry.height, tallest: tallestAt(1) };
    const y = toList(drawnHeight(scale) - SCREEN, scale);
    const { tiles } = visible(geometry, y, y + SCREEN);
    expect(tiles.at(-1)).toBe(MILLION - 1);
    expect(neighbour(geometry, MILLION, 0, "last")).toBe(MILLION - 1);
  });

  it("has a place for every picture before its page is loaded", () => {
    const measure = measureFor(1280);
    const geometry = geometryOf(filled([0]), measure);
    for (const index of [130, 500_000, 500_001, MILLION - 1]) {
      const y = heightOf(geometry, { index, shift: 3 });
      const anchor = anchorAt(geometry, y);
      expect(anchor.index).toBe(index);
      expect(anchor.shift).toBeCloseTo(3);
    }
    // … and once it is loaded, the picture is where the anchor leads.
    const page = Math.floor(500_000 / PAGE);
    const after = geometryOf(filled([0, page]), measure);
    expect(heightOf(after, { index: 500_000, shift: 0 })).toBe(boxOf(after, 500_000)!.top);
  });

  it("is walked through by screens", () => {
    const geometry = geometryOf(filled([0, 1, last]), measureFor(1280));
    const below = neighbour(geometry, MILLION, 2, "screen down", SCREEN);
    const [from, to] = [boxOf(geometry, 2)!, boxOf(geometry, below)!];
    expect(to.top).toBeGreaterThan(from.top + SCREEN / 2);
    expect(to.top).toBeLessThan(from.top + 1.4 * SCREEN);
    const back = boxOf(geometry, neighbour(geometry, MILLION, below, "screen up", SCREEN))!;
    expect(Math.abs(back.top - from.top)).toBeLessThan(1.5 * geometry.measure.rowHeight);
    expect(neighbour(geometry, MILLION, 1, "screen up", SCREEN)).toBeLessThan(6);
    expect(neighbour(geometry, MILLION, MILLION - 2, "screen down", SCREEN)).toBeGreaterThan(MILLION - 12);
    // Towards a page that is not loaded.
    expect(neighbour(geometry, MILLION, 2 * PAGE - 1, "screen down", SCREEN)).toBeGreaterThan(2 * PAGE - 1);
  });
});
