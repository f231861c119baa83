/** Objects with several pages in the page's state: the address, what is asked for, the length of the list, the words. */
import { describe, expect, it } from "vitest";
import { browseList, firstPage, foldsPages, together } from "../../web_assets/src/ui/state/list";
import { initialState, placesOf, reduce } from "../../web_assets/src/ui/state/reducer";
import { formatView, HOME, parseView, searchKey } from "../../web_assets/src/ui/state/view";
import { indexOfRows } from "../../web_assets/src/ui/detail/use-pages";
import { pageOfObject, summary } from "../../web_assets/src/ui/wording";
import type { Manifest, RowInfo, SearchResponse } from "../../web_assets/src/engine/types";

const plain = { collection: { count: 86 }, thumbnails: { count: 86 } } as Manifest;
const manifest = { ...plain, objects: { count: 4, rows: 78, block: 16_384 } } as Manifest;
const all = { ...HOME, allPages: true };

describe("objects with several pages", () => {
  it("all pages are part of the address and of what is searched", () => {
    expect(formatView(HOME)).toBe("#");
    expect(formatView(all)).toBe("#pages=all");
    expect(parseView("", "#pages=all&q=x")).toEqual({ ...all, text: "x" });
    for (const other of ["#pages=", "#pages=none", "#"]) expect(parseView("", other).allPages).toBe(false);
    expect(searchKey(all)).not.toBe(searchKey(HOME));
  });

  it("only sites with objects ask for them", () => {
    expect(together(HOME, plain)).toEqual({ group: true });
    expect(together(HOME, manifest)).toEqual({ group: true, byObject: true });
    expect(together({ ...all, group: false }, manifest)).toEqual({ byObject: false });
    expect(foldsPages(all, manifest) || foldsPages(HOME, plain) || foldsPages(HOME, null)).toBe(false);
  });

  it("the whole collection has a place for each object", () => {
    const state = { ...initialState(), manifest, local: { count: 2, version: 1 } };
    expect(placesOf(state)).toBe(86 + 2 - 74);
    expect(placesOf({ ...state, view: all })).toBe(88);
    expect(placesOf({ ...state, manifest: plain })).toBe(88);
    expect(reduce(state, { type: "browsed", key: "#" }).list).toMatchObject({ length: 14, total: 14, pictures: 88 });
    expect(reduce({ ...state, view: all }, { type: "browsed", key: "#" }).list).toMatchObject({ length: 88, pictures: null });
  });

  it("the line above says what it counts", () => {
    const answer = (total: number | null, pictures?: number): SearchResponse => (
      { results: [{ row: 0, score: 1 }], total, ...(pictures === undefined ? {} : { pictures }), stage: "final", notices: [], elapsedMs: 1 }
    );
    const say = (view: typeof HOME, response: SearchResponse): string => summary(view, firstPage("#", response, [{} as RowInfo], 86), 12, "picture", "object");
    expect(summary(HOME, browseList("#", 12, 120, 86), 12, "picture", "object")).toBe("12 objects, 86 pictures");
    expect(say({ ...HOME, filters: [{ field: "object", kind: "any", values: ["a"] }] }, answer(1, 60))).toBe("1 of 12 objects, 60 pictures");
    expect(say({ ...HOME, text: "harbour", mode: "words" }, answer(8, 11))).toBe("8 objects with “harbour”");
    expect(summary(HOME, browseList("#", 86), 86)).toBe("86 pictures");
    expect(pageOfObject({ number: 1, of: 12 }, true)).toBe("12 pages");
    expect(pageOfObject({ number: 2, of: 12 }, true)).toBe("p. 2 of 12");
    expect(pageOfObject({ number: 1, of: 12 }, false)).toBe("p. 1 of 12");
  });

  it("another page has the place of its object in the list", () => {
    const list = firstPage("#", { results: [4, 9, 2].map((row) => ({ row, score: 1 })), total: 3, stage: "final", notices: [], elapsedMs: 1 }, [], 86);
    expect(indexOfRows(list, [7, 8, 9])).toBe(1);
    expect(indexOfRows(list, [7, 8])).toBe(-1);
  });
});
