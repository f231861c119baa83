/** Dates with their precision: the interval that a date says, the dates of EXIF, and which dates a condition takes. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OverlaidColumn } from "../../web_assets/src/additions/columns";
import { dateSpan } from "../../web_assets/src/base/dates";
import { columnOf } from "../../web_assets/src/engine/column-of";
import { conditionMask } from "../../web_assets/src/engine/filters";
import { facetCounts } from "../../web_assets/src/engine/facets";
import { intervalTest, rangeTest } from "../../web_assets/src/engine/query";
import { parse } from "../../web_assets/src/engine/query/parse";
import { sortPlaces } from "../../web_assets/src/engine/sort";
import { FormatError, readColumn, type FieldDefinition, type NumberColumn } from "../../web_assets/src/format";
import { exifDate } from "../../web_assets/src/worker/exif-date";
import { golden, json } from "./support/files";
import { container as made } from "./support/writer";

const cases = json<{ exif: Record<string, string | null>; spans: Record<string, [number, number] | null> }>(golden, "dates.json");
const taken: FieldDefinition = { name: "taken", label: "Taken", type: "date", fts: false, facet: true, column: true };

/** A column with the given dates in two blocks. */
function source(published: readonly string[], added: readonly string[] = []): OverlaidColumn {
  const first = columnOf(taken, published);
  const site = { count: first.count, known: 0, bytes: 0, values: null, blocks: [{ first: 0, count: first.count, zone: undefined }], block: async () => first, pick: () => null, whole: async () => first };
  return new OverlaidColumn(site, columnOf(taken, added));
}

describe("a date", () => {
  it.each(Object.entries(cases.spans))("says an interval as in Python: %j", (text, span) => {
    expect(dateSpan(text)).toEqual(span && { start: span[0], length: span[1] });
  });

  it.each(Object.entries(cases.exif))("of EXIF is read as in Python: %j", (text, date) => {
    expect(exifDate(text)).toBe(date);
  });

  it("of EXIF is a date or nothing", () => {
    const characters = fc.constantFrom(...Array.from("0123456789: -T./\0x"));
    fc.assert(fc.property(fc.string() as fc.Arbitrary<string>, fc.array(characters, { maxLength: 30 }), (any, some) => {
      for (const text of [any, some.join(""), `19${some.join("")}`]) {
        const date = exifDate(text);
        expect(date === null || dateSpan(date) !== null).toBe(true);
      }
    }));
  });

  it("lasts until the next one of its kind", () => {
    const days = fc.date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9998-12-31T00:00:00Z"), noInvalidDate: true });
    fc.assert(fc.property(days, (day) => {
      const iso = day.toISOString();
      const next = new Date(day);
      next.setUTCDate(next.getUTCDate() + 1);
      const { start, length } = dateSpan(iso.slice(0, 10))!;
      expect(start + length).toBe(dateSpan(next.toISOString().slice(0, 10))!.start);
      const year = dateSpan(iso.slice(0, 4))!;
      expect(year.start + year.length).toBe(dateSpan(String(Number(iso.slice(0, 4)) + 1).padStart(4, "0"))!.start);
      expect(year.start <= start && start + length <= year.start + year.length).toBe(true);
    }));
  });
});

describe("dates of every precision", () => {
  const dates = ["1890", "1890-05", "1890-05-12", "1890-05-12T10:30", "1890-05-12T10:30:05.5", "0079-08-24", "", "1891-01-01"];
  const all = source(dates.slice(0, 4), dates.slice(4));
  const find = async (query: string) => {
    const [term] = parse(query).fields;
    const condition = { field: taken, negated: term!.negated, numbers: () => intervalTest(term!, true), wholes: [], texts: () => () => false, keys: () => null };
    const mask = await conditionMask(condition, all);
    return dates.filter((_, row) => mask[row >> 3]! & (1 << (row & 7)));
  };

  it("match conditions by their intervals", async () => {
    expect(await find("taken:1890")).toEqual(dates.slice(0, 5));
    expect(await find("taken:1890-06")).toEqual(["1890"]);
    expect(await find("taken:1890-05-12T10:30:05")).toEqual(dates.slice(0, 5));
    expect(await find("taken:1890-05-12T10:30:06")).toEqual(dates.slice(0, 4));
    expect(await find("taken>1890")).toEqual(["1891-01-01"]);
    expect(await find("taken>=1890-05-13")).toEqual(["1890", "1890-05", "1891-01-01"]);
    expect(await find("taken<1890-05-13")).toEqual(["1890-05-12", "1890-05-12T10:30", "1890-05-12T10:30:05.5", "0079-08-24"]);
    expect(await find("taken<=1890-05-11")).toEqual(["1890", "1890-05", "0079-08-24"]);
    expect(await find("taken:1891..1889")).toEqual([]);
    expect(await find("-taken:1000..9999")).toEqual(["0079-08-24", ""]);
  });

  it("lie in ranges that include the whole last second", () => {
    const { start, length } = dateSpan("1890-05-12T10:30:05.5")!;
    expect(rangeTest(-Infinity, Math.floor(start), true)(start, length)).toBe(true);
    expect(rangeTest(-Infinity, Math.floor(start) - 1, true)(start, length)).toBe(false);
    const year = dateSpan("1890")!;
    expect(rangeTest(start, Infinity, true)(year.start, year.length)).toBe(true);
    expect(rangeTest(dateSpan("1891")!.start, Infinity, true)(year.start, year.length)).toBe(false);
  });

  it("sort by their starts, then by their ends", async () => {
    const column = await all.whole();
    const sorted = (descending: boolean) => Array.from(sortPlaces(dates.map((_, row) => row), column, descending, "Taken"), (row) => dates[row]);
    expect(sorted(false)).toEqual(["0079-08-24", "1890", "1890-05", "1890-05-12", "1890-05-12T10:30", "1890-05-12T10:30:05.5", "1891-01-01", ""]);
    expect(sorted(true)).toEqual(["1891-01-01", "1890-05-12T10:30:05.5", "1890-05-12T10:30", "1890-05-12", "1890-05", "1890", "0079-08-24", ""]);
    const same = columnOf(taken, ["1890", "1890-01-01", "1890-01", "1890-01-01T00:00"]);
    expect([...sortPlaces([0, 1, 2, 3], same, false, "Taken")]).toEqual([3, 1, 2, 0]);
  });

  it("count by year", async () => {
    expect(await facetCounts(all, { name: "taken", type: "date" }, null, 9)).toEqual([{ value: "1890", count: 5 }, { value: "0079", count: 1 }, { value: "1891", count: 1 }]);
  });
});

describe("a column of dates", () => {
  const read = (values: number[], lengths?: Uint32Array | Int32Array) =>
    readColumn(made("column", { first: 0, count: values.length }, { values: Float64Array.from(values), ...(lengths ? { lengths } : {}) }), "date", values.length) as NumberColumn;

  it("has lengths only if a date is longer than a moment", () => {
    expect(read([0, NaN]).lengths).toBeNull();
    expect(read([0, NaN], Uint32Array.of(60, 0)).lengths).toEqual(Uint32Array.of(60, 0));
  });

  it("is refused if it is damaged", () => {
    expect(() => read([0, 1], Uint32Array.of(1))).toThrow(FormatError);
    expect(() => read([0], Int32Array.of(1))).toThrow(FormatError);
    expect(() => read([NaN], Uint32Array.of(1))).toThrow("does not exist");
    expect(() => read([1e14])).toThrow("does not exist");
    expect(() => read([Infinity])).toThrow("does not exist");
  });
});
