import { createHash } from "node:crypto";

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { FieldDefinition, Highlight, RowInfo } from "../../web_assets/src/engine/types";
import { anchorAt, boxOf, geometryOf, heightOf, neighbour, visible } from "../../web_assets/src/ui/results/grid/layout";
import { DIVIDER, layoutSection, measureFor, shownRatio, type Box } from "../../web_assets/src/ui/results/grid/rows";
import { numbers, why } from "../../web_assets/src/ui/results/why";
import { browseList, PAGE, withPage, type List } from "../../web_assets/src/ui/state/list";
import { Thumbnails } from "../../web_assets/src/ui/thumbnails";

const info = (row: number, ratio: number): RowInfo =>
  ({ row, id: row.toString(16).padStart(16, "0"), width: Math.round(ratio * 1000), height: 1000, thumbnail: null, placeholder: new Uint8Array() });

function filled(count: number, ratio: (row: number) => number, pages?: number[]): List {
  let list = browseList("#", count);
  for (let page = 0; page < list.pages.length; page++) {
    if (pages && !pages.includes(page)) continue;
    const rows = Array.from({ length: Math.min(PAGE, count - page * PAGE) }, (_, i) => page * PAGE + i);
    const results = rows.map((row) => ({ row, score: 0 }));
    list = withPage(list, page, { status: "ready", results, infos: rows.map((row) => info(row, ratio(row))) }, count);
  }
  return list;
}

const mixed = (row: number): number => [0.66, 1.5, 1, 1.78, 0.75, 2.4][row % 6]!;

function overlap(a: Box, b: Box): boolean {
  return a.left + a.width > b.left + 0.5 && b.left + b.width > a.left + 0.5
    && a.top + a.height > b.top + 0.5 && b.top + b.height > a.top + 0.5;
}

describe("the layout of a section", () => {
  it("keeps tiles inside, apart and in order, for any shapes and widths", () => {
    fc.assert(fc.property(
      fc.array(fc.double({ min: 0.05, max: 20, noNaN: true }), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 320, max: 2600 }), fc.boolean(),
      (ratios, width, closed) => {
        const measure = measureFor(width);
        const { boxes, height } = layoutSection(ratios.map((ratio) => shownRatio(ratio * 100, 100)), measure, closed);
        expect(boxes).toHaveLength(ratios.length);
        for (const [i, box] of boxes.entries()) {
          expect(box.left).toBeGreaterThanOrEqual(-0.01);
          // Edges are rounded to whole pixels: half a pixel, and the error of the sum.
          expect(box.left + box.width).toBeLessThanOrEqual(width + 0.51);
          expect(box.top + box.height).toBeLessThanOrEqual(height + 0.51);
          const next = boxes[i + 1];
          if (next) expect(overlap(box, next)).toBe(false);
        }
      },
    ), { numRuns: 200 });
  });

  it("fills the last row of a section that others follow", () => {
    for (let count = 1; count < 30; count++) {
      const measure = measureFor(1200);
      const { boxes } = layoutSection(Array.from({ length: count }, (_, i) => mixed(i)), measure, true);
      const last = boxes.filter((box) => Math.abs(box.top - boxes[count - 1]!.top) < 1);
      const end = last[last.length - 1]!;
      expect(end.left + end.width).toBeCloseTo(1200, 0);
    }
  });
});

describe("the grid", () => {
  const measure = measureFor(1200);

  it("draws only what is on screen, out of a hundred thousand", () => {
    const geometry = geometryOf(filled(100_000, mixed, [0, 400]), measure);
    const { tiles, missing } = visible(geometry, 0, 900);
    expect(tiles.length).toBeGreaterThan(5);
    expect(tiles.length).toBeLessThan(60);
    expect(missing).toEqual([]);
    const far = geometry.sections[400]!;
    expect(visible(geometry, far.top, far.top + 100).tiles[0]).toBe(400 * PAGE);
    expect(visible(geometry, far.top - 200, far.top - 100).missing).toEqual([399]);
  });

  it("finds the same tiles in a band as checking each one", () => {
    const list = filled(500, mixed);
    const geometry = geometryOf(list, measure);
    const all = Array.from({ length: 500 }, (_, i) => boxOf(geometry, i)!);
    for (const from of [0, 333, 2500, geometry.height - 300]) {
      const expected = all.flatMap((box, i) => (box.top <= from + 700 && box.top + box.height >= from ? [i] : []));
      expect(visible(geometry, from, from + 700).tiles).toEqual(expected);
    }
  });

  it("returns to an anchor when pages above get their exact height", () => {
    const before = geometryOf(filled(1200, mixed, [5]), measure);
    const y = before.sections[5]!.top + 777;
    const anchor = anchorAt(before, y);
    expect(heightOf(before, anchor)).toBeCloseTo(y);
    const after = geometryOf(filled(1200, mixed, [0, 1, 2, 5]), measure);
    expect(anchorAt(after, heightOf(after, anchor))).toEqual({ index: anchor.index, shift: expect.closeTo(anchor.shift) as number });
  });

  it("moves by keys: along rows, up and down between rows, across sections", () => {
    const list = filled(300, () => 1.5);
    const geometry = geometryOf(list, measure);
    expect(neighbour(geometry, 300, 0, "left")).toBe(0);
    expect(neighbour(geometry, 300, 0, "right")).toBe(1);
    expect(neighbour(geometry, 300, 5, "last")).toBe(299);
    expect(neighbour(geometry, 300, 299, "right")).toBe(299);
    for (const index of [0, 3, 100, PAGE - 1, PAGE, 200]) {
      const below = neighbour(geometry, 300, index, "down");
      expect(boxOf(geometry, below)!.top).toBeGreaterThan(boxOf(geometry, index)!.top);
      const above = neighbour(geometry, 300, below, "up");
      expect(boxOf(geometry, above)!.top).toBeCloseTo(boxOf(geometry, index)!.top);
    }
    expect(neighbour(geometry, 300, 0, "up")).toBe(0);
  });

  it("draws a line between likely and weaker matches, wherever it falls", () => {
    for (const divide of [1, 7, PAGE - 1, PAGE, PAGE + 4, 299]) {
      const list = { ...filled(300, mixed), divide };
      const geometry = geometryOf(list, measure);
      const lines = geometry.sections.filter((section) => section.divider !== null);
      expect(lines).toHaveLength(1);
      const y = lines[0]!.top + lines[0]!.divider!;
      for (let index = 0; index < 300; index++) {
        const box = boxOf(geometry, index)!;
        // The first row is full, although some of it may be weaker.
        const above = index < divide || box.top < 1;
        if (above) expect(box.top + box.height).toBeLessThanOrEqual(y + 0.5);
        else expect(box.top).toBeGreaterThanOrEqual(y + DIVIDER - 0.5);
      }
    }
    expect(geometryOf({ ...filled(300, mixed), divide: 0 }, measure).sections.some((section) => section.divider !== null)).toBe(false);
    expect(geometryOf({ ...filled(300, mixed), divide: 300 }, measure).sections.some((section) => section.divider !== null)).toBe(false);
  });

  it("fills the first row before that line, at every width", () => {
    for (const width of [358, 390, 820, 1280, 1900]) {
      for (const divide of [1, 2, 3, 5]) {
        const geometry = geometryOf({ ...filled(300, mixed), divide }, measureFor(width));
        const boxes = Array.from({ length: 60 }, (_, index) => boxOf(geometry, index)!);
        const row = boxes.filter(({ top }) => top < 0.5);
        const last = row[row.length - 1]!;
        expect(last.left + last.width).toBeCloseTo(width, 0);
        expect(geometry.sections[0]!.divider).toBeGreaterThanOrEqual(row[0]!.height - 0.5);
      }
    }
    // With less than a row of results there is no line.
    expect(geometryOf({ ...filled(2, mixed), divide: 1 }, measure).sections[0]!.divider).toBeNull();
  });

  it("is empty without results", () => {
    const geometry = geometryOf(browseList("#", 0), measure);
    expect(geometry.height).toBe(0);
    expect(visible(geometry, 0, 1000)).toEqual({ tiles: [], headings: [], missing: [] });
    expect(anchorAt(geometry, 10)).toEqual({ index: 0, shift: 0 });
  });
});

describe("why a picture was found", () => {
  const result = { row: 1, score: 1, similarity: 0.2749, ranks: { meaning: 2, words: 0 }, matched: ["red", "rose"], close: true };
  const field = (name: string, label: string, type: FieldDefinition["type"]) => ({ name, label, type }) as FieldDefinition;
  const fields = [field("caption", "Caption", "text"), field("tags", "Tags", "tags"), field("camera", "Camera", "category"), field("file", "File", "text")];

  it("is said in words", () => {
    const marks: Highlight[] = [
      { field: "caption", pieces: ["A ", "Red", " door, ", "red", " and old"] }, { field: "tags", pieces: ["", "rose", ", garden"] },
    ];
    expect(why(result, true, marks, fields)).toEqual(["Looks like it", "caption says “red”", "tag “rose”"]);
    expect(why(result, false, null, fields)).toEqual(["Is about it", "text says “red”, “rose”"]);
    expect(why({ ...result, close: false }, true, [marks[1]!], fields)).toEqual(["Tag “rose”"]);
    expect(why({ ...result, close: false }, true, [{ field: "camera", pieces: ["", "Canon", " 5D"] }], fields)).toEqual(["Camera “Canon”"]);
    expect(why({ ...result, close: false }, true, [{ field: "file", pieces: ["", "red", ".jpg"] }], fields)).toEqual(["File name has “red”"]);
    // A field that is not described, or is called like a property of every object.
    expect(why({ ...result, close: false }, true, [{ field: "constructor", pieces: ["", "red"] }], fields)).toEqual(["Constructor “red”"]);
    expect(why({ row: 1, score: 1, ranks: { meaning: 40 }, close: false }, true, null, fields)).toEqual(["Looks a little like it"]);
    expect(why({ row: 1, score: 1 }, true, null, fields)).toEqual([]);
  });

  it("has its numbers beside it, counted from one", () => {
    expect(numbers(result, true)).toBe("Similarity 0.27 · rank 3 by meaning · rank 1 by words");
    expect(numbers({ row: 1, score: 1, similarity: -1, ranks: { words: 4 } }, false)).toBe("Rank 5 by words");
    expect(numbers({ row: 1, score: 1, similarity: 0.5, ranks: { meaning: 0 } }, false)).toBe("Similarity of the text 0.50 · rank 1 by meaning");
  });
});

describe("thumbnails", () => {
  const made: string[] = [];
  const revoked: string[] = [];
  beforeEach(() => {
    made.length = revoked.length = 0;
    vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
      made.push(`${String((blob as Blob).size)}`);
      return `blob:${String(made.length)}`;
    });
    vi.spyOn(URL, "revokeObjectURL").mockImplementation((url) => { revoked.push(url); });
  });
  afterEach(() => vi.restoreAllMocks());

  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

  function server(sizes: Record<string, number>) {
    const asked: string[] = [];
    const aborted: string[] = [];
    const answers = new Map<string, () => void>();
    const fetch = ((url: string, { signal }: { signal: AbortSignal }) => new Promise<Response>((resolve, reject) => {
      asked.push(url);
      signal.addEventListener("abort", () => { aborted.push(url); reject(signal.reason as Error); });
      answers.set(url, () => {
        const size = sizes[url];
        resolve(size === undefined ? new Response("", { status: 404 }) : new Response(new Uint8Array(size)));
      });
    })) as unknown as typeof globalThis.fetch;
    return { asked, aborted, fetch, answer: async (url: string) => { answers.get(url)!(); await settle(); } };
  }

  it("fetches a pack once for all its pictures", async () => {
    const { fetch, asked, answer } = server({ "/pack": 100 });
    const thumbnails = new Thumbnails({ fetch });
    const one = thumbnails.borrow({ url: "/pack", offset: 0, length: 40 });
    const two = thumbnails.borrow({ url: "/pack", offset: 40, length: 60 });
    await settle();
    await answer("/pack");
    expect(await one.url).not.toBe(await two.url);
    expect(made).toEqual(["40", "60"]);
    const three = thumbnails.borrow({ url: "/pack", offset: 10, length: 5 });
    expect(await three.url).toBe("blob:3");
    expect(thumbnails.at({ url: "/pack", offset: 10, length: 5 })).toBe("blob:3");
    await expect(thumbnails.borrow({ url: "/pack", offset: 90, length: 50 }).url).rejects.toThrow("too short");
    expect(asked).toEqual(["/pack"]);
  });

  it("shows a file only if its bytes are those of its name, and fetches it again past every cache", async () => {
    const whole = new Uint8Array([1, 2, 3]);
    const url = `https://x.org/thumbs/${createHash("sha256").update(whole).digest("hex").slice(0, 16)}.webp`;
    const asked: (string | undefined)[] = [];
    let bodies = [new Uint8Array([9, 9, 9]), whole];
    const fetch = ((_: string, init?: RequestInit) => {
      asked.push(init?.cache);
      return Promise.resolve(new Response(bodies.length > 1 ? bodies.shift() : bodies[0]));
    }) as typeof globalThis.fetch;
    const thumbnails = new Thumbnails({ fetch });
    const source = { url, offset: 0, length: 3 };
    const first = thumbnails.borrow(source);
    expect(await first.url).toBe("blob:1");
    expect(asked).toEqual([undefined, "reload"]);
    thumbnails.distrust(source);
    first.release();
    expect(revoked).toEqual(["blob:1"]);
    bodies = [new Uint8Array([9])];
    await expect(thumbnails.borrow(source).url).rejects.toThrow("damaged");
    bodies = [whole];
    expect(await thumbnails.borrow(source).url).toBe("blob:2");
    expect(asked.slice(2)).toEqual(["reload", "reload"]);
  });

  it("cancels fetches of pictures that have left the screen, unless something else needs them", async () => {
    const { fetch, aborted, answer } = server({ "/a": 1, "/b": 1 });
    const thumbnails = new Thumbnails({ fetch });
    const gone = thumbnails.borrow({ url: "/a", offset: 0, length: 1 });
    const first = thumbnails.borrow({ url: "/b", offset: 0, length: 1 });
    const second = thumbnails.borrow({ url: "/b", offset: 0, length: 1 });
    await settle();
    gone.release();
    first.release();
    expect(aborted).toEqual(["/a"]);
    await expect(gone.url).rejects.toThrow("screen");
    await answer("/b");
    expect(await second.url).toBe("blob:1");
  });

  it("keeps what is shown and deletes the oldest when the cache is full", async () => {
    const { fetch, answer } = server({ "/a": 10, "/b": 10, "/c": 10 });
    const thumbnails = new Thumbnails({ fetch, cacheBytes: 15 });
    const loans = ["/a", "/b", "/c"].map((url) => thumbnails.borrow({ url, offset: 0, length: 10 }));
    await settle();
    for (const url of ["/a", "/b", "/c"]) await answer(url);
    expect(revoked).toEqual([]);
    loans[0]!.release();
    loans[1]!.release();
    expect(revoked).toEqual(["blob:1"]);
    loans[1]!.release();
    expect(thumbnails.held.pictures).toBe(2);
  });

  it("fetches a few at a time: the latest requests first, those made together in order", async () => {
    const { fetch, asked, answer } = server({ "/1": 1, "/2": 1, "/3": 1, "/4": 1, "/5": 1, "/6": 1 });
    const thumbnails = new Thumbnails({ fetch, parallel: 2 });
    for (const url of ["/1", "/2", "/3", "/4"]) thumbnails.borrow({ url, offset: 0, length: 1 });
    await settle();
    expect(asked).toEqual(["/1", "/2"]);
    for (const url of ["/5", "/6"]) thumbnails.borrow({ url, offset: 0, length: 1 });
    await settle();
    for (const url of ["/1", "/2", "/5", "/6"]) await answer(url);
    expect(asked).toEqual(["/1", "/2", "/5", "/6", "/3", "/4"]);
  });

  it("fetches nothing during a pause, and never what has left the screen during it", async () => {
    const { fetch, asked } = server({ "/1": 1, "/2": 1, "/3": 1 });
    const thumbnails = new Thumbnails({ fetch });
    thumbnails.pauseFetches(20);
    const gone = thumbnails.borrow({ url: "/1", offset: 0, length: 1 });
    thumbnails.borrow({ url: "/2", offset: 0, length: 1 });
    await settle();
    expect(asked).toEqual([]);
    gone.release();
    await expect.poll(() => asked).toEqual(["/2"]);
    thumbnails.pauseFetches(60_000);
    thumbnails.borrow({ url: "/3", offset: 0, length: 1 });
    thumbnails.pauseFetches(0);
    expect(asked).toEqual(["/2", "/3"]);
  });

  it("fetches only a few after a pause, and all after another pause or when resumed", async () => {
    const urls = Array.from({ length: 12 }, (_, i) => `/${String(i)}`);
    for (const ended of [false, true]) {
      const { fetch, asked } = server({});
      const thumbnails = new Thumbnails({ fetch });
      thumbnails.pauseFetches(100);
      for (const url of urls) thumbnails.borrow({ url, offset: 0, length: 1 });
      await expect.poll(() => asked.length, { interval: 5 }).toBeGreaterThan(0);
      expect(asked).toEqual(urls.slice(0, 4));
      if (ended) thumbnails.pauseFetches(0);
      await expect.poll(() => asked).toEqual(urls);
    }
  });

  it("from a pack that is already loaded wait during a pause as well", async () => {
    const { fetch, answer, asked } = server({ "/pack": 100 });
    const thumbnails = new Thumbnails({ fetch });
    thumbnails.borrow({ url: "/pack", offset: 0, length: 40 });
    await settle();
    await answer("/pack");
    thumbnails.pauseFetches(60_000);
    const other = thumbnails.borrow({ url: "/pack", offset: 40, length: 60 });
    await settle();
    expect(made).toEqual(["40"]);
    thumbnails.pauseFetches(0);
    expect(await other.url).toBe("blob:2");
    expect(asked).toEqual(["/pack"]);
  });

  it("reports a failure, and can be requested again", async () => {
    const { fetch, asked, answer } = server({ "/short": 3 });
    const thumbnails = new Thumbnails({ fetch });
    const lost = thumbnails.borrow({ url: "/missing", offset: 0, length: 1 });
    await settle();
    await answer("/missing");
    await expect(lost.url).rejects.toThrow("404");
    const short = thumbnails.borrow({ url: "/short", offset: 0, length: 9 });
    await settle();
    await answer("/short");
    await expect(short.url).rejects.toThrow("too short");
    thumbnails.borrow({ url: "/missing", offset: 0, length: 1 });
    await settle();
    expect(asked).toEqual(["/missing", "/short", "/missing"]);
  });
});
