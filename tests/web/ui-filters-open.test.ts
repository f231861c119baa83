/** What the filters say about the results, and whether they are open at first. */
import { describe, expect, it } from "vitest";

import { countedAmong, resultsLabel } from "../../web_assets/src/ui/filters/label";
import { isFilterable, storedOpen, storeOpen } from "../../web_assets/src/ui/filters/open";
import { browseList, type List } from "../../web_assets/src/ui/state/list";
import { formatView, HOME, parseView, type View } from "../../web_assets/src/ui/state/view";
import type { FieldDefinition } from "../../web_assets/src/engine/types";

const list = (parts: Partial<List>): List => ({ ...browseList("#", 161), ...parts });
const text: View = { ...HOME, text: "cat" };
const filtered: View = { ...HOME, filters: [{ field: "camera", kind: "any", values: ["x"] }] };

describe("the button that leads to the results", () => {
  it("says how many there are as soon as that is known", () => {
    expect(resultsLabel(filtered, list({ total: 27 }))).toBe("Show 27 results");
    expect(resultsLabel(filtered, list({ total: 1 }))).toBe("Show 1 result");
    expect(resultsLabel(filtered, null)).toBe("Show results");
    expect(resultsLabel(filtered, list({ total: 0, length: 0 }))).toBe("Nothing found");
  });

  it("does not count a ranking of everything as results", () => {
    expect(resultsLabel(text, list({ total: null, divide: 12 }))).toBe("Show 12 likely matches");
    expect(resultsLabel(text, list({ total: 161, divide: null }))).toBe("Show results");
    expect(resultsLabel({ ...text, mode: "words" }, list({ total: 9, divide: 0 }))).toBe("Show 9 results");
    expect(resultsLabel(text, list({ total: 4, stage: "words" }))).toBe("Show results");
  });
});

describe("what is counted", () => {
  it("is said in every mode", () => {
    expect(countedAmong(HOME, list({}), "picture")).toBeNull();
    expect(countedAmong(filtered, list({}), "record")).toBe("Counts are for records that meet the other filters.");
    expect(countedAmong(text, list({ total: null, divide: 12 }), "picture")).toBe("Counts are for the 12 likely matches.");
    expect(countedAmong(text, list({ total: null, divide: 0 }), "picture")).toBe("No match is likely, so the counts are for all pictures.");
    expect(countedAmong({ ...text, mode: "words" }, list({ total: 9 }), "picture")).toBe("Counts are for the 9 pictures with the words.");
    expect(countedAmong({ ...text, sort: { field: "taken", direction: "ascending" } }, list({ divide: null }), "picture"))
      .toBe("Counts are for the likely matches, or for all pictures if none is likely.");
    expect(countedAmong(text, list({ stage: "words" }), "picture")).toBeNull();
  });
});

describe("the filters at first", () => {
  it("stay closed on a device on which they were closed", () => {
    const kept = new Map<string, string>();
    const storage = () => ({ getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) });
    expect(storedOpen("https://a/", storage)).toBe(true);
    storeOpen("https://a/", false, storage);
    expect(storedOpen("https://a/", storage)).toBe(false);
    expect(storedOpen("https://b/", storage)).toBe(true);
    storeOpen("https://a/", true, storage);
    expect(storedOpen("https://a/", storage)).toBe(true);
    const refusing = () => { throw new Error("refused"); };
    expect(storedOpen("https://a/", refusing)).toBe(true);
    expect(() => { storeOpen("https://a/", false, refusing); }).not.toThrow();
  });

  it("are only those of fields that can be filtered by", () => {
    const field = (parts: Partial<FieldDefinition>) => isFilterable({ name: "a", label: "A", type: "category", fts: true, facet: true, column: true, ...parts } as FieldDefinition);
    expect(field({})).toBe(true);
    expect(field({ type: "date", facet: false })).toBe(true);
    expect(field({ type: "text", facet: false })).toBe(false);
  });
});

it("keeps a value of 10,000 characters in the address", () => {
  const value = "x".repeat(10_000);
  const view: View = { ...HOME, filters: [{ field: "camera", kind: "any", values: [value] }] };
  expect(parseView("", formatView(view)).filters).toEqual(view.filters);
});
