import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Manifest, Result, RowInfo, SearchResponse } from "../../web_assets/src/engine/types";
import { browseList, firstPage, indexOfId, PAGE, pageLength, pageOf, placeAt, withPage, type List } from "../../web_assets/src/ui/state/list";
import { initialState, reduce, type Action, type State } from "../../web_assets/src/ui/state/reducer";
import {
  formatView, HOME, isBrowsing, parseView, searchKey, toggleValue, withFilter, withoutCondition, type View,
} from "../../web_assets/src/ui/state/view";
import { MAP_EDGE, MAP_FIELD, MOST_CORNERS } from "../../web_assets/src/base/map";
import { fakeManifest } from "./fake-collection";

const field = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/);
const id = fc.stringMatching(/^[0-9a-f]{16}$/);
const text = fc.string({ unit: "grapheme", maxLength: 40 });
const filters = fc.uniqueArray(
  fc.oneof(
    fc.record({ field, kind: fc.constantFrom("any" as const, "none" as const), values: fc.uniqueArray(text, { minLength: 1, maxLength: 4 }) }),
    fc.record({ field, kind: fc.constant("range" as const), min: fc.integer(), max: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
    fc.record({ field, kind: fc.constant("range" as const), min: fc.integer() }),
    fc.record({ field: fc.constant(MAP_FIELD), kind: fc.constant("topic" as const), values: fc.uniqueArray(fc.oneof(fc.nat(9999).map(String), fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).filter((name) => !name.includes(","))), { minLength: 1, maxLength: 5 }) }),
    fc.record({
      field: fc.constant(MAP_FIELD), kind: fc.constant("area" as const),
      points: fc.array(fc.tuple(fc.nat(MAP_EDGE), fc.nat(MAP_EDGE)), { minLength: 3, maxLength: MOST_CORNERS }).map((corners) => corners.flat()),
    }),
  ),
  { maxLength: 5, selector: (filter) => `${filter.kind} ${filter.field}` },
);
const view: fc.Arbitrary<View> = fc.record({
  text, mode: fc.constantFrom("all", "meaning", "words"), filters,
  sort: fc.option(fc.record({ field, direction: fc.constantFrom("ascending", "descending") })),
  like: fc.array(id, { maxLength: 3 }), image: fc.option(id), group: fc.boolean(), allPages: fc.boolean(),
  layout: fc.option(fc.constantFrom("grid" as const, "list" as const, "table" as const, "map" as const)),
  data: fc.constant(null),
  pictures: fc.uniqueArray(
    fc.record({ hash: id, weight: fc.constantFrom(1, -1, 2, -0.5, 12.25) }), { maxLength: 4, selector: ({ hash }) => hash },
  ),
});

describe("a view as a URL", () => {
  it("is read as it was written, after # and after ?", () => {
    fc.assert(fc.property(view, (given) => {
      const url = new URL(formatView(given), "https://example.org/folder/");
      const back = parseView("", url.hash);
      expect(formatView(back)).toBe(formatView(given));
      expect(back.text).toBe(given.text);
      expect(back.filters).toHaveLength(given.filters.length);
      for (const filter of given.filters) expect(back.filters).toContainEqual(normal(filter));
      expect(back).toMatchObject({ mode: given.mode, sort: given.sort, like: given.like, image: given.image, pictures: given.pictures, group: given.group, allPages: given.allPages, layout: given.layout });
      expect(parseView("?" + formatView(given).slice(1), "")).toEqual(back);
    }));
  });

  it("stays readable", () => {
    const given: View = {
      text: "red flower", mode: "words", sort: { field: "taken", direction: "descending" }, image: "00000000000000aa", like: [], group: true, allPages: false, layout: "list", data: null,
      pictures: [{ hash: "00000000000000ab", weight: 1 }, { hash: "00000000000000ac", weight: -0.5 }],
      filters: [{ field: "tags", kind: "any", values: ["cat", "dog"] }, { field: "year", kind: "range", min: 2019, max: 2021 }],
    };
    expect(formatView(given)).toBe("#q=red+flower&picture=00000000000000ab,-0.5*00000000000000ac&mode=words&is.tags=cat&is.tags=dog&in.year=2019..2021&sort=-taken&view=list&image=00000000000000aa");
    expect(formatView(HOME)).toBe("#");
  });

  it("ignores malformed parts instead of failing", () => {
    fc.assert(fc.property(fc.string(), fc.string(), (search, hash) => { parseView(search, hash); }));
    expect(parseView("", "#mode=magic&image=../../etc&like=zz,00000000000000aa&in.year=abc&sort=--x&is.Tags=a"))
      .toEqual({ ...HOME, like: ["00000000000000aa"] });
    for (const area of ["1,2,3,4", "1,2,3,4,5", "1,2,3,4,5,x", "1,2,3,4,5,70000", Array.from({ length: 130 }, () => "1").join()]) expect(parseView("", `#area=${area}`)).toEqual(HOME);
    expect(parseView("", "#topic=").filters).toEqual([]);
  });

  it("names topics, and reads the numbers of older links", () => {
    const topics = (...values: string[]) => [{ field: MAP_FIELD, kind: "topic", values }];
    const given = { ...HOME, filters: [{ field: MAP_FIELD, kind: "topic" as const, values: ["tower, church", "cats"] }] };
    expect(formatView(given)).toBe("#topic=tower,+church&topic=cats");
    expect(parseView("", formatView(given)).filters).toEqual(given.filters);
    expect(parseView("", "#topic=3,5,3").filters).toEqual(topics("3", "5"));
    expect(parseView("", "#topic=3&topic=1980, war").filters).toEqual(topics("3", "1980, war"));
  });

  it("keeps open ranges open", () => {
    expect(parseView("", "#in.width=2000..").filters).toEqual([{ field: "width", kind: "range", min: 2000 }]);
    expect(parseView("", "#in.width=..0").filters).toEqual([{ field: "width", kind: "range", max: 0 }]);
  });

  it("knows which views show the same results", () => {
    expect(searchKey({ ...HOME, text: " cat ", image: "00000000000000aa" })).toBe(searchKey({ ...HOME, text: "cat" }));
    expect(isBrowsing({ ...HOME, image: "00000000000000aa", text: "  " })).toBe(true);
    expect(isBrowsing({ ...HOME, sort: { field: "taken", direction: "ascending" } })).toBe(false);
  });

  it("adds and removes conditions", () => {
    const one = toggleValue(HOME, "tags", "cat");
    const two = toggleValue(one, "tags", "dog");
    expect(two.filters).toEqual([{ field: "tags", kind: "any", values: ["cat", "dog"] }]);
    expect(toggleValue(toggleValue(two, "tags", "cat"), "tags", "dog").filters).toEqual([]);
    const both = withFilter(two, "tags", "none", { field: "tags", kind: "none", values: ["sea"] });
    expect(both.filters).toHaveLength(2);
    expect(withoutCondition(both, both.filters[0]!, "cat").filters[0]).toEqual({ field: "tags", kind: "any", values: ["dog"] });
    expect(withoutCondition(both, both.filters[1]!, "sea").filters).toHaveLength(1);
  });
});

function normal(filter: View["filters"][number]): View["filters"][number] {
  if (filter.kind !== "range") return filter;
  return { ...filter, ...(filter.max === undefined ? {} : { max: Object.is(filter.max, -0) ? 0 : filter.max }) };
}

const info = (row: number): RowInfo => ({
  row, id: row.toString(16).padStart(16, "0"), width: 3, height: 2, thumbnail: null, placeholder: new Uint8Array(),
});
const results = (first: number, count: number): Result[] =>
  Array.from({ length: count }, (_, i) => ({ row: first + i, score: 1 / (i + 1) }));
const response = (rows: Result[], more: Partial<SearchResponse> = {}): SearchResponse =>
  ({ results: rows, total: null, stage: "final", notices: [], elapsedMs: 1, ...more });
const ready = (rows: Result[]) => ({ status: "ready" as const, results: rows, infos: rows.map(({ row }) => info(row)) });
const list = (rows: Result[], more: Partial<SearchResponse> = {}, most = 10_000): List =>
  firstPage("#q=x", response(rows, more), rows.map(({ row }) => info(row)), most);

describe("a list of results", () => {
  it("has pages of their own size in a collection without pictures", () => {
    const manifest = (count: number, remote: { origins: string[] } | null) => ({ thumbnails: { count }, remote }) as Manifest;
    expect([manifest(1, null), manifest(0, { origins: ["https://a.example"] }), null].map(pageOf)).toEqual([PAGE, PAGE, PAGE]);
    const page = pageOf(manifest(0, null));
    expect(page).toBeLessThan(PAGE / 4);
    const browsed = browseList("#", 3 * page - 1, page);
    expect([0, 1, 2].map((number) => pageLength(browsed, number))).toEqual([page, page, page - 1]);
    const filled = withPage(browsed, 1, ready(results(page, page)), 1000);
    expect(placeAt(filled, page + 3)?.result.row).toBe(page + 3);
    expect(indexOfId(filled, info(page + 5).id)).toBe(page + 5);
    const found = firstPage("#q=x", response(results(0, page), { total: 50 }), results(0, page).map(({ row }) => info(row)), 1000, page);
    expect([found.pages.length, found.exhausted]).toEqual([3, true]);
  });

  it("knows its length when browsing", () => {
    const browsed = browseList("#", 3 * PAGE - 1);
    expect(browsed.pages).toHaveLength(3);
    expect([0, 1, 2].map((page) => pageLength(browsed, page))).toEqual([PAGE, PAGE, PAGE - 1]);
    const filled = withPage(browsed, 1, ready(results(PAGE, PAGE)), 1000);
    expect(placeAt(filled, PAGE + 3)?.result.row).toBe(PAGE + 3);
    expect(placeAt(filled, 0)).toBeNull();
    expect(indexOfId(filled, info(PAGE + 5).id)).toBe(PAGE + 5);
    expect(indexOfId(filled, info(3).id)).toBe(-1);
  });

  it("grows while an open-ended ranking gives full pages, and ends with a short one", () => {
    let endless = list(results(0, PAGE));
    expect(endless).toMatchObject({ length: PAGE, exhausted: false });
    endless = withPage(endless, 1, ready(results(PAGE, PAGE)), 10_000);
    expect(endless.pages).toHaveLength(3);
    endless = withPage(endless, 2, ready(results(2 * PAGE, 7)), 10_000);
    expect(endless).toMatchObject({ length: 2 * PAGE + 7, exhausted: true });
    expect(endless.pages).toHaveLength(3);
  });

  it("ends without an empty page when the last one is empty or the collection ends", () => {
    const ended = withPage(list(results(0, PAGE)), 1, ready([]), 10_000);
    expect(ended).toMatchObject({ length: PAGE, exhausted: true });
    expect(ended.pages).toHaveLength(1);
    expect(list(results(0, PAGE), {}, PAGE).exhausted).toBe(true);
  });

  it("uses the total if there is one, but never more places than it received", () => {
    expect(list(results(0, PAGE), { total: 500 }).pages).toHaveLength(Math.ceil(500 / PAGE));
    expect(list(results(0, 5), { total: 500 }).length).toBe(5);
    expect(list([], { total: 0 })).toMatchObject({ length: 0, exhausted: true });
  });
});

describe("the reducer", () => {
  const manifest = { ...fakeManifest([], []), collection: { ...fakeManifest([], []).collection, count: 5000 } };
  const run = (...actions: Action[]): State => actions.reduce(reduce, initialState({ ...HOME, text: "x" }));
  const opened: Action = { type: "opened", manifest };
  const searching: Action = { type: "searching", key: "#q=x", now: 5 };
  const words = { ...response(results(0, 9), { stage: "words" as const, total: 9 }) };
  const better = response(results(4, PAGE));
  const responded = (given: SearchResponse, hold = false): Action =>
    ({ type: "responded", key: "#q=x", response: given, infos: given.results.map(({ row }) => info(row)), hold });

  it("shows results by words first, and better ones when meaning is ready", () => {
    const first = run(opened, searching, responded(words));
    expect(first.list?.stage).toBe("words");
    expect(first.pending).not.toBeNull();
    const then = reduce(first, responded(better));
    expect(then.list?.stage).toBe("final");
    expect(then.pending).toBeNull();
    expect(then.refinement).toBe(1);
  });

  it("does not move results under a reader: better ones wait for a click", () => {
    const held = run(opened, searching, responded(words), responded(better, true));
    expect(held.list?.stage).toBe("words");
    expect(held.refined?.stage).toBe("final");
    const accepted = reduce(held, { type: "refine" });
    expect(accepted.list?.stage).toBe("final");
    expect(accepted.refined).toBeNull();
  });

  it("swaps silently when the order is the same", () => {
    const same = run(opened, searching, responded(words), responded({ ...words, stage: "final" }, true));
    expect(same).toMatchObject({ refinement: 0, refined: null });
    expect(same.list?.stage).toBe("final");
  });

  it("does not show a provisional empty answer as an empty result", () => {
    const state = run(opened, searching, responded({ ...words, results: [], total: 0 }));
    expect(state.list).toBeNull();
    expect(state.pending).not.toBeNull();
  });

  it("keeps the old results when a search fails, and reports it", () => {
    const state = run(opened, searching, responded(better), { type: "searching", key: "#q=y", now: 9 },
      { type: "search-failed", key: "#q=y", message: "No network." });
    expect(state.list?.key).toBe("#q=x");
    expect(state.searchFailure).toBe("No network.");
    expect(state.pending).toBeNull();
  });

  it("ignores answers to outdated searches", () => {
    const state = run(opened, searching, { type: "searching", key: "#q=y", now: 9 });
    expect(reduce(state, responded(better))).toBe(state);
    expect(reduce(state, { type: "search-failed", key: "#q=x", message: "late" })).toBe(state);
    expect(reduce(state, { type: "paged", key: "#q=x", index: 1, page: { status: "loading" } })).toBe(state);
  });

  it("counts progress from the first open step to the last", () => {
    const step = (name: "model" | "tokens", done: boolean, now: number): Action =>
      ({ type: "progress", progress: { step: name, loaded: 1, total: 2, done }, now });
    const state = run(step("model", false, 10), step("tokens", false, 20));
    expect(state.loadingSince).toBe(10);
    expect(reduce(reduce(state, step("model", true, 30)), step("tokens", true, 40)).loadingSince).toBeNull();
  });
});
