/** The query language: the same parse results as in Python. */
import { describe, expect, it } from "vitest";
import { compareCodePoints, fold, parse, type Query } from "../../web_assets/src/engine/query";
import { isSearchable, normal, split } from "../../web_assets/src/engine/query/characters";
import { dateBounds, intervalTest } from "../../web_assets/src/engine/query/intervals";
import { fieldTerm } from "../../web_assets/src/engine/query/parse";
import { golden, json } from "./support/files";

interface Case {
  group: string;
  query: string;
  parsed: Record<string, unknown>;
}

const { cases } = json<{ cases: Case[] }>(golden, "queries.json");

/** As tests/golden/make_queries.py writes it: without empty parts. */
function written(query: Query): Record<string, unknown> {
  const { sortDescending, ...rest } = query;
  const all = Object.entries({ ...rest, sort_descending: sortDescending });
  const told = (key: string, value: unknown) =>
    key === "match" ? value !== null : key !== "source" && (Array.isArray(value) ? value.length > 0 : Boolean(value));
  return Object.fromEntries(all.filter(([key, value]) => told(key, value)));
}

describe("parsing", () => {
  it("has many golden cases", () => {
    expect(cases.length).toBeGreaterThan(300);
  });

  for (const group of new Set(cases.map(({ group }) => group))) {
    it(`agrees with Python: ${group}`, () => {
      for (const { query, parsed } of cases.filter((item) => item.group === group)) {
        expect(written(parse(query)), JSON.stringify(query.slice(0, 200))).toEqual(parsed);
      }
    });
  }

  it("cuts after 10,000 code points, never inside a surrogate pair", () => {
    const { terms, source } = parse(`${"😀".repeat(9_999)} winter`);
    expect([...source]).toHaveLength(10_000);
    expect(terms).toEqual([{ kind: "text", value: "😀".repeat(9_999), weight: 1 }]);
    expect(parse("x".repeat(20_000)).terms[0]!.value).toHaveLength(10_000);
  });

  it("treats nothing as an expression if `expressions` is false", () => {
    expect(parse("cat OR (dog", { expressions: false }).terms).toEqual([{ kind: "text", value: "cat OR (dog", weight: 1 }]);
  });
});

describe("characters", () => {
  it("are folded as in Python", () => {
    expect(fold("Straße ÉTÉ e\u0301 ΘΆΛΑΣΣΑΣ İI ﬁ")).toBe("strasse ete e θαλασσασ ii fi");
    expect(normal(" New_York -- City\u00a0")).toBe("new york city");
    expect(split("a\x1fb\u00a0c\ufeffd\u200be")).toEqual(["a", "b", "c", "d\u200be"]);
    expect(["²", "٣", "猫", "_", "—", "\u0301", "\ufffd"].map(isSearchable)).toEqual([true, true, true, false, false, false, false]);
  });

  it("are sorted by code point", () => {
    const texts = ["\u{1f600}", "\ue000", "\uffff", "a", "", "ab", "b"];
    expect(texts.toSorted(compareCodePoints)).toEqual(["", "a", "ab", "b", "\ue000", "\uffff", "\u{1f600}"]);
  });
});

describe("conditions on fields", () => {
  it("handle months and leap years", () => {
    expect(dateBounds("2020-02")).toEqual({ low: Date.UTC(2020, 1) / 1000, high: Date.UTC(2020, 2) / 1000 });
    expect(dateBounds("2020-02-29")!.low).toBe(Date.UTC(2020, 1, 29) / 1000);
    for (const none of ["2021-02-29", "2020-13", "2020-00", "2020-04-31", "0000", "20", "2020-1-1x", "٢٠٢٠"]) expect(dateBounds(none)).toBeNull();
    expect(dateBounds("0001")!.low).toBe(-62135596800);
    expect(dateBounds("2020-2-3T4:05")).toEqual({ low: Date.UTC(2020, 1, 3, 4, 5) / 1000, high: Date.UTC(2020, 1, 3, 4, 6) / 1000 });
    expect(dateBounds("2020-02-03T04:05:06")!.high).toBe(Date.UTC(2020, 1, 3, 4, 5, 7) / 1000);
  });

  it("exclude the limit with > and <", () => {
    const test = (text: string, value: number) => intervalTest(fieldTerm(text), false)(value, 0);
    expect([test("a>2", 2), test("a>2", 2.0000001), test("a<2", 2), test("a>=2", 2), test("a:1..3", 3), test("a:1,5", 5)])
      .toEqual([false, true, false, true, true, true]);
    expect(test("a:..", NaN)).toBe(false);
  });
});
