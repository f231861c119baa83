/** Lists that are ordered by date: their days from the engine, the periods and dates made of them, and the grid with headings. */
import { join } from "node:path";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { fetchAnything, fileAddress } from "../../web_assets/src/api/files";
import { columnOf } from "../../web_assets/src/engine/column-of";
import type { ColumnSource } from "../../web_assets/src/engine/column-source";
import { Engine } from "../../web_assets/src/engine";
import { timelineOf } from "../../web_assets/src/engine/timeline";
import type { FieldDefinition, Timeline } from "../../web_assets/src/engine/types";
import { anchorAt, boxOf, geometryOf, heightOf, visible } from "../../web_assets/src/ui/results/grid/layout";
import { HEADING, layoutPeriods } from "../../web_assets/src/ui/results/grid/periods";
import { measureFor, type Box } from "../../web_assets/src/ui/results/grid/rows";
import { browseList, PAGE, withPage, type List } from "../../web_assets/src/ui/state/list";
import { HOME } from "../../web_assets/src/ui/state/view";
import { dateText, shapeOf, yearsOf } from "../../web_assets/src/ui/timeline/calendar-days";
import { datedOf } from "../../web_assets/src/ui/timeline/dated";
import { dateOrder } from "../../web_assets/src/ui/timeline/use-dated";
import { golden } from "./support/files";
import { assets } from "./support/site";

const FIELD: FieldDefinition = { name: "taken", label: "Taken", type: "date", fts: false, facet: false, column: true };

/** A column in blocks of `size` rows. */
function source(dates: readonly (string | undefined)[], size = 4, pick = false): ColumnSource {
  const starts = Array.from({ length: Math.ceil(dates.length / size) }, (_, i) => i * size);
  return {
    count: dates.length, known: dates.filter(Boolean).length, bytes: 1, values: null,
    blocks: starts.map((first) => ({ first, count: Math.min(size, dates.length - first), zone: undefined })),
    block: (place) => Promise.resolve(columnOf(FIELD, dates.slice(starts[place], starts[place]! + size))),
    pick: (rows) => (pick ? Promise.resolve(columnOf(FIELD, Array.from(rows, (row) => dates[row]))) : null),
    whole: () => Promise.resolve(columnOf(FIELD, dates)),
  };
}

const DATES = ["2008-07-03T10:00:00", "2008-07-03", "2008", undefined, "2008-07", "1999-12-31", "2008-01-01", "2008-01-01T08:00", "2008-07-03T11:30", undefined];

function lines({ days, precisions, counts }: Timeline): [string, number, number][] {
  return Array.from(days, (day, i) => [new Date(day * 86_400_000).toISOString().slice(0, 10), precisions[i]!, counts[i]!]);
}

describe("the dates of a list", () => {
  it("are counted by day in the order of the list, with their precision", async () => {
    const falling = await timelineOf(source(DATES), null, true, Infinity);
    expect(lines(falling)).toEqual([
      ["2008-07-03", 0, 3], ["2008-07-01", 1, 1], ["2008-01-01", 0, 1], ["2008-01-01", 2, 1], ["2008-01-01", 0, 1], ["1999-12-31", 0, 1],
    ]);
    expect([falling.added, falling.undated]).toEqual([0, 2]);
    const rising = await timelineOf(source(DATES), null, false, Infinity);
    expect(lines(rising)).toEqual(lines(falling).reverse());
  });

  it("are those of some rows, from blocks or from documents", async () => {
    const rows = [8, 3, 0, 5];
    for (const pick of [false, true]) {
      const found = await timelineOf(source(DATES, 3, pick), rows, true, Infinity);
      expect(lines(found)).toEqual([["2008-07-03", 0, 2], ["1999-12-31", 0, 1]]);
      expect(found.undated).toBe(1);
    }
    expect(lines(await timelineOf(source(DATES), [], true, Infinity))).toEqual([]);
  });

  it("leave additions apart, which come first", async () => {
    const found = await timelineOf(source(DATES), null, true, 8);
    expect([found.added, found.undated]).toEqual([2, 1]);
  });

  it("have the order in which the engine lists the results", async () => {
    const engine = await Engine.open(fileAddress(join(golden, "site-queries")), { fetch: fetchAnything, assets });
    const field = engine.manifest.fields.find(({ type, column }) => type === "date" && column)!.name;
    for (const direction of ["ascending", "descending"] as const) {
      const request = { mode: "all" as const, sort: { field, direction } };
      const timeline = (await engine.timeline(field, request))!;
      const { results, total } = await engine.search({ ...request, k: 1000 });
      expect(timeline.counts.reduce((sum, count) => sum + count, 0) + timeline.undated).toBe(total);
      const dated = datedOf(timeline)!;
      const documents = await Promise.all(results.map(({ row }) => engine.document(row)));
      const days = lines(timeline).flatMap(([day, precision, count]) => new Array<string>(count).fill(day.slice(0, [10, 7, 4][precision])));
      const listed = documents.map(({ fields }) => fields[field]).filter((value) => value !== undefined);
      expect(listed.map((value, i) => String(value).slice(0, days[i]!.length))).toEqual(days);
      expect(timeline.undated).toBe(documents.length - listed.length);
      expect(dated.total).toBe(total);
    }
    expect(await engine.timeline(field, { most: 0 })).toBeNull();
    expect(await engine.timeline("rating")).toBeNull();
    await expect(engine.timeline("title")).rejects.toThrow("is not a number or a date");
    const words = (await engine.timeline(field, { text: "cat", mode: "words", sort: { field, direction: "descending" } }))!;
    expect(datedOf(words)?.total ?? words.undated).toBe((await engine.search({ text: "cat", mode: "words" })).total);
    const some = (await engine.timeline(field, { filters: [{ field, kind: "any", values: ["2019"] }] }))!;
    expect(some.undated).toBe(0);
    expect(new Set(lines(some).map(([day]) => day.slice(0, 4)))).toEqual(new Set(["2019"]));
    await engine.close();
  });
});

async function dated(dates: readonly (string | undefined)[], descending = true) {
  return datedOf(await timelineOf(source(dates, 1000), null, descending, Infinity));
}

const many = (date: string, count: number): string[] => new Array<string>(count).fill(date);

describe("the periods of a list", () => {
  it("are months, with what is known by year only and what has no date apart", async () => {
    const found = (await dated([...many("2008-07-03", 5), ...many("2008-03-01", 4), ...many("2008", 3), undefined]))!;
    expect(found.periods).toEqual([
      { first: 0, count: 5, title: "July 2008" }, { first: 5, count: 4, title: "March 2008" }, { first: 9, count: 3, title: "2008" }, { first: 12, count: 1, title: "Without a date" },
    ]);
    expect([0, 5, 11, 12].map(found.at)).toEqual(["Jul 2008", "Mar 2008", "2008", "Without a date"]);
    expect(found.years).toEqual([{ first: 0, count: 12, title: "2008" }]);
    expect(found.total).toBe(13);
  });

  it("are years or decades if months have few pictures", async () => {
    expect((await dated(["2008-01-01", "2008-02-01", "2008-03-01", "2007-05-01", "2007-06-01", "2007-07-01"]))!.periods.map(({ title }) => title)).toEqual(["2008", "2007"]);
    expect((await dated(["1893", "1897", "1895", "0079-08-24", "0005"]))!.periods.map(({ title }) => title)).toEqual(["1890s", "70s", "0s"]);
  });

  it("are none without dates, and one if all dates are the same", async () => {
    expect(await dated([undefined, undefined])).toBeNull();
    expect(await dated([])).toBeNull();
    expect((await dated(many("2008-07-03", 9)))!.periods).toEqual([{ first: 0, count: 9, title: "July 2008" }]);
    expect((await dated(["2008-07-03"]))!.periods).toHaveLength(1);
  });

  it("reach from the first year to the last, and are as many as there are", async () => {
    const found = (await dated([...many("0001-01-01", 3), ...many("9999-12-31", 3)], false))!;
    expect(found.periods.map(({ title }) => title)).toEqual(["January 1", "December 9999"]);
    const months = Array.from({ length: 10_000 }, (_, i) => `${String(1000 + Math.floor(i / 12)).padStart(4, "0")}-${String((i % 12) + 1).padStart(2, "0")}-05`);
    const long = (await dated([...months, ...months, ...months]))!;
    expect(long.periods).toHaveLength(10_000);
    expect(long.starts[9999]).toBe(29_997);
    expect(long.at(29_999)).toBe("Jan 1000");
  });
});

describe("this day", () => {
  it("has the days of earlier years, with dates that say a day", async () => {
    const found = (await dated(["2008-07-03T10:00", "2008-07-03", "2012-07-03", "2012-07-04", "2026-07-03", "2010-07", "2010", "1900-07-03", undefined]))!;
    expect(found.alike(new Date(2026, 6, 3, 23, 59))).toEqual(["2012-07-03", "2008-07-03", "1900-07-03"]);
    expect(found.alike(new Date(2008, 6, 3))).toEqual(["1900-07-03"]);
    expect(found.alike(new Date(2026, 6, 5))).toEqual([]);
    expect((await dated(["2024-02-29"]))!.alike(new Date(2026, 1, 28))).toEqual([]);
  });
});

describe("the calendar", () => {
  it("counts years, months and days, and knows their first places in any order", async () => {
    for (const descending of [true, false]) {
      const timeline = await timelineOf(source(DATES), null, descending, Infinity);
      const [late, early] = yearsOf(timeline);
      expect([late!.year, late!.count, early!.year, early!.count]).toEqual([2008, 7, 1999, 1]);
      expect(late!.months.map((month) => month?.count ?? 0)).toEqual([2, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0]);
      expect([...late!.months[6]!.days]).toEqual([[3, { count: 3, first: descending ? 0 : 5 }]]);
      expect(late!.months[0]!.first).toBe(descending ? 4 : 1);
      expect(early!.first).toBe(descending ? 7 : 0);
    }
  });

  it("writes dates as filters take them, in years 1 to 9999", () => {
    expect([dateText(79), dateText(2008, 6), dateText(2008, 6, 3)]).toEqual(["0079", "2008-07", "2008-07-03"]);
    expect([shapeOf(2008, 1), shapeOf(2024, 8), shapeOf(1, 0), shapeOf(9999, 11)]).toEqual(
      [{ days: 29, begins: 4 }, { days: 30, begins: 6 }, { days: 31, begins: 0 }, { days: 31, begins: 2 }],
    );
  });
});

describe("a view", () => {
  const manifest = { fields: [FIELD, { ...FIELD, name: "title", type: "text" as const }] };
  it("is by date in the default order and if it is sorted by a date", () => {
    expect(dateOrder(HOME, manifest)).toBe("taken");
    expect(dateOrder({ ...HOME, text: "cat" }, manifest)).toBeNull();
    expect(dateOrder({ ...HOME, text: "cat", sort: { field: "taken", direction: "ascending" } }, manifest)).toBe("taken");
    expect(dateOrder({ ...HOME, sort: { field: "title", direction: "ascending" } }, manifest)).toBeNull();
    expect(dateOrder({ ...HOME, data: "" }, manifest)).toBeNull();
    expect(dateOrder(HOME, { fields: [] })).toBeNull();
    expect(dateOrder(HOME, null)).toBeNull();
  });
});

function filled(count: number, pages?: number[]): List {
  let list = browseList("#", count);
  for (let page = 0; page < list.pages.length; page++) {
    if (pages && !pages.includes(page)) continue;
    const rows = Array.from({ length: Math.min(PAGE, count - page * PAGE) }, (_, i) => page * PAGE + i);
    const infos = rows.map((row) => ({ row, id: row.toString(16).padStart(16, "0"), width: [660, 1500, 1000, 2400][row % 4]!, height: 1000, thumbnail: null, placeholder: new Uint8Array() }));
    list = withPage(list, page, { status: "ready", results: rows.map((row) => ({ row, score: 0 })), infos }, count);
  }
  return list;
}

function apart(a: Box, b: Box): boolean {
  return a.left + a.width <= b.left + 0.51 || b.left + b.width <= a.left + 0.51 || a.top + a.height <= b.top + 0.51 || b.top + b.height <= a.top + 0.51;
}

describe("the grid with headings", () => {
  it("keeps tiles and headings inside and apart, for any periods and widths", () => {
    fc.assert(fc.property(
      fc.array(fc.double({ min: 0.5, max: 3, noNaN: true }), { minLength: 1, maxLength: 40 }), fc.uniqueArray(fc.nat(39), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 320, max: 2600 }), fc.boolean(),
      (ratios, wanted, width, closed) => {
        const breaks = wanted.filter((place) => place < ratios.length).sort((a, b) => a - b);
        const { boxes, places, height } = layoutPeriods(ratios, measureFor(width), closed, breaks);
        expect(boxes).toHaveLength(ratios.length);
        expect(places).toHaveLength(breaks.length);
        const all = [...boxes, ...places.map((place) => ({ ...place, height: HEADING }))];
        for (const [i, box] of all.entries()) {
          expect(box.left).toBeGreaterThanOrEqual(-0.01);
          expect(box.left + box.width).toBeLessThanOrEqual(width + 0.51);
          expect(box.top + box.height).toBeLessThanOrEqual(height + 0.51);
          for (const other of all.slice(i + 1)) expect(apart(box, other)).toBe(true);
        }
        // Every heading stands above the first tile of its period.
        breaks.forEach((place, i) => {
          expect(boxes[place]!.top - places[i]!.top).toBeCloseTo(HEADING, 1);
          expect(boxes[place]!.left).toBeCloseTo(places[i]!.left, 1);
        });
      },
    ), { numRuns: 300 });
  });

  it("does not fill a row with the first picture of a period that goes on in the next page", () => {
    const { boxes } = layoutPeriods([1.5, 1.5, 1.5, 1.5, 1.5, 1], measureFor(1200), true, [0, 5]);
    expect(boxes[5]!.width).toBeLessThan(400);
  });

  it("has the headings of loaded pages, and comes back to a place", () => {
    const starts = [0, 3, 4, 5, 130, 131, 240];
    const list = filled(300);
    const geometry = geometryOf(list, measureFor(1200), undefined, starts);
    const { headings } = visible(geometry, 0, geometry.height);
    expect(headings.map(({ period }) => period)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    for (const { period, top } of headings) {
      const box = boxOf(geometry, starts[period]!)!;
      expect(box.top - top).toBeCloseTo(HEADING, 1);
      expect(anchorAt(geometry, box.top + 1).index).toBeLessThanOrEqual(starts[period]!);
    }
    for (const y of [0, 500, 1700, geometry.height - 100]) expect(heightOf(geometry, anchorAt(geometry, y))).toBeCloseTo(y, 0);
    // Before a new period the last row of a page is not stretched.
    const last = boxOf(geometry, 239)!;
    expect(last.height).toBeLessThan(1.3 * measureFor(1200).rowHeight);
  });

  it("knows about how tall pages are that are not loaded", () => {
    const starts = Array.from({ length: 400 }, (_, i) => 3 * i);
    const measure = measureFor(1200);
    const whole = geometryOf(filled(1200), measure, undefined, starts).height;
    const guessed = geometryOf(filled(1200, []), measure, undefined, starts).height;
    expect(guessed / whole).toBeGreaterThan(0.7);
    expect(guessed / whole).toBeLessThan(1.4);
    expect(visible(geometryOf(filled(1200, []), measure, undefined, starts), 0, 900).headings).toEqual([]);
  });
});
