/** Help around the search box: recent searches, options, and suggestions if nothing was found; and groups of look-alikes. */
import { describe, expect, it } from "vitest";

import { hasGroups, lookAlikes, shownOrder, standIn } from "../../web_assets/src/ui/results/groups";
import { boxOf, geometryOf, neighbour, visible } from "../../web_assets/src/ui/results/grid/layout";
import { measureFor } from "../../web_assets/src/ui/results/grid/rows";
import { waysOut } from "../../web_assets/src/ui/search/nothing";
import { optionsFor, stepped } from "../../web_assets/src/ui/search/options";
import { Recent, type Kept } from "../../web_assets/src/ui/search/recent";
import { firstPage } from "../../web_assets/src/ui/state/list";
import { HOME } from "../../web_assets/src/ui/state/view";
import type { FieldDefinition, Result, RowInfo } from "../../web_assets/src/engine/types";

function storage(): Kept & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept, getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => { kept.set(key, value); }, removeItem: (key) => { kept.delete(key); },
  };
}

describe("recent searches", () => {
  it("are kept for each collection, the latest first, without duplicates", () => {
    const store = storage();
    const recent = new Recent("https://x.org/a/", () => store);
    for (const text of ["dog", "cat", " DOG ", "x", ""]) recent.add(text);
    expect(recent.list()).toEqual(["DOG", "cat"]);
    expect(new Recent("https://x.org/a/", () => store).list()).toEqual(["DOG", "cat"]);
    expect(new Recent("https://x.org/b/", () => store).list()).toEqual([]);
    recent.clear();
    expect(store.kept.size).toBe(0);
  });

  it("leave out the beginnings of a later search", () => {
    const recent = new Recent("a", storage);
    for (const text of ["red", "red dress"]) recent.add(text);
    expect(recent.list()).toEqual(["red dress"]);
    recent.add("red");
    expect(recent.list()).toEqual(["red", "red dress"]);
  });

  it("work without storage, and with a damaged one", () => {
    const refused = new Recent("a", () => { throw new DOMException("denied", "SecurityError"); });
    refused.add("dog");
    expect(refused.list()).toEqual(["dog"]);
    const damaged = storage();
    damaged.kept.set("imagedb.recent a", '{"not": "a list"}');
    expect(new Recent("a", () => damaged).list()).toEqual([]);
    damaged.kept.set("imagedb.recent a", "[1, \"cat\"");
    expect(new Recent("a", () => damaged).list()).toEqual([]);
  });
});

describe("the options of the search box", () => {
  const offers = {
    saved: [{ name: "Wedding, red dresses", link: "#q=red+dress" }, { name: "Castle", link: "#q=castle" }], recent: ["red dress", "castle"], examples: ["something to drink"],
    suggestions: [
      { kind: "value" as const, text: "tag:red ", shown: "red", field: "Tags" },
      { kind: "word" as const, text: "red ", shown: "red", count: 3 },
      { kind: "word" as const, text: "reddish ", shown: "reddish", count: 1 },
      { kind: "word" as const, text: "red dress ", shown: "red dress", count: 1 },
    ],
  };
  const number = (count: number) => `${String(count)} pictures`;

  it("are recent searches and examples if nothing is typed", () => {
    expect(optionsFor(" ", offers, number).map(({ kind, text }) => `${kind} ${text}`))
      .toEqual(["saved ", "saved ", "recent red dress", "recent castle", "example something to drink"]);
  });

  it("are what begins with the typed text, without duplicates", () => {
    expect(optionsFor("red", offers, number).map(({ kind, shown, hint }) => [kind, shown, hint])).toEqual([
      ["saved", "Wedding, red dresses", "saved"], ["recent", "red dress", null], ["value", "red", "Tags"], ["word", "red", "3 pictures"], ["word", "reddish", "1 pictures"],
    ]);
  });

  it("are selected by arrow keys, and the box itself is one stop", () => {
    const down = [-1, 0, 1].map((active) => stepped(active, 2, 1));
    const up = [-1, 0, 1].map((active) => stepped(active, 2, -1));
    expect(down).toEqual([0, 1, -1]);
    expect(up).toEqual([1, -1, 0]);
    expect(stepped(3, 0, 1)).toBe(-1);
  });
});

describe("suggestions if nothing was found", () => {
  const fields = [{ name: "tags", label: "Tags", type: "tags" }, { name: "width", label: "Width", type: "number" }] as FieldDefinition[];
  const labels = (view: Partial<typeof HOME>, meaning = true) => waysOut({ ...HOME, ...view }, fields, ["sea"], meaning).map(({ label }) => label);

  it("drop one condition, or all of them", () => {
    const filters = [
      { field: "tags", kind: "none" as const, values: ["cat"] }, { field: "width", kind: "range" as const, min: 5 },
    ];
    expect(labels({ filters })).toEqual(["Without “Tags: not cat”", "Without “Width: at least 5”", "Remove all filters", "sea"]);
    const [first] = waysOut({ ...HOME, filters }, fields, [], true);
    expect(first!.view.filters).toEqual([filters[1]]);
  });

  it("search by meaning, and without the quotes", () => {
    expect(labels({ text: '"red car"', mode: "words" }))
      .toEqual(["Search by meaning as well", "Search for the words separately", "Show the whole collection", "sea"]);
    expect(labels({ text: "car", mode: "words" }, false)).toEqual(["Show the whole collection", "sea"]);
    expect(labels({ text: "car", mode: "meaning" })).toEqual(["Search the texts as well", "Show the whole collection", "sea"]);
    expect(waysOut({ ...HOME, text: 'a "red car"' }, fields, [], true)[0]!.view.text).toBe("a red car");
  });
});

describe("look-alikes", () => {
  const copies: Record<number, number> = { 2: 0, 5: 0, 6: 4 };
  const results = Array.from({ length: 8 }, (_, row): Result => ({ row, score: 1, ...(row in copies ? { duplicateOf: copies[row]! } : {}) }));
  const infos = results.map(({ row }): RowInfo => (
    { row, id: String(row), width: 300, height: 200, thumbnail: null, placeholder: new Uint8Array() }
  ));
  const list = firstPage("key", { results, total: null, divide: 5, stage: "final", notices: [], elapsedMs: 1 }, infos, 1000);
  const none = new Set<number>();

  it("are one tile, or expanded after the first of them", () => {
    expect(shownOrder(results, none).places).toEqual([0, 1, 3, 4, 7]);
    expect(shownOrder(results, new Set([0]))).toEqual({ places: [0, 2, 5, 1, 3, 4, 7], firsts: [0, 0, 0, 1, 3, 4, 7] });
    expect(lookAlikes(list, 0)).toBe(2);
    expect(lookAlikes(list, 1)).toBe(0);
    expect(hasGroups(list)).toBe(true);
  });

  it("take up no space while they are hidden", () => {
    const closed = geometryOf(list, measureFor(600), none);
    expect(visible(closed, 0, 10_000).tiles).toEqual([0, 1, 3, 4, 7]);
    expect(boxOf(closed, 2)).toBeNull();
    const open = geometryOf(list, measureFor(600), new Set([0]));
    expect(visible(open, 0, 10_000).tiles).toEqual([0, 2, 5, 1, 3, 4, 7]);
    expect(open.height).toBeGreaterThan(closed.height);
  });

  it("stay on the side of the divide where their first one is", () => {
    const divided = { ...list, divide: 1 };
    const { sections } = geometryOf(divided, measureFor(600), new Set([0]));
    const line = sections[0]!.divider!;
    const above = [0, 2, 5].map((place) => sections[0]!.boxes![place]!);
    expect(above.every((box) => box.top + box.height <= line + 0.5)).toBe(true);
    expect(sections[0]!.boxes![1]!.top).toBeGreaterThan(line);
  });

  it("are reached in the order of the screen", () => {
    const walk = (open: ReadonlySet<number>) => {
      const geometry = geometryOf(list, measureFor(600), open);
      const seen = [0];
      for (let i = 0; i < 7; i++) seen.push(neighbour(geometry, list.length, seen.at(-1)!, "right"));
      return seen;
    };
    expect(walk(none).slice(0, 5)).toEqual([0, 1, 3, 4, 7]);
    expect(walk(new Set([0])).slice(0, 7)).toEqual([0, 2, 5, 1, 3, 4, 7]);
    const geometry = geometryOf(list, measureFor(600), none);
    expect(neighbour(geometry, list.length, 3, "left")).toBe(1);
    expect(neighbour(geometry, list.length, 0, "left")).toBe(0);
    expect(neighbour(geometry, list.length, 1, "last")).toBe(7);
  });

  it("that are hidden are represented by their first one", () => {
    expect(standIn(list, 5, none)).toBe(0);
    expect(standIn(list, 5, new Set([0]))).toBe(5);
    expect(standIn(list, 3, none)).toBe(3);
  });
});
