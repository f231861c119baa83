/** Saved searches: what is stored, what is refused, and what a search is called. */
import { describe, expect, it } from "vitest";

import type { FieldDefinition } from "../../web_assets/src/engine/types";
import { describe as inWords } from "../../web_assets/src/ui/search/describe";
import { LONGEST_LINK, MOST_SAVED, Saved } from "../../web_assets/src/ui/search/saved";
import { remove, restore, save } from "../../web_assets/src/ui/search/saved-change";
import { HOME } from "../../web_assets/src/ui/state/view";

function storage(content: Record<string, string> = {}) {
  const map = new Map(Object.entries(content));
  return { map, getItem: (key: string) => map.get(key) ?? null, setItem: (key: string, value: string) => void map.set(key, value), removeItem: (key: string) => void map.delete(key) };
}

describe("saved searches", () => {
  it("are kept for each collection, the latest first, and come back at their place", () => {
    const store = storage();
    const saved = new Saved("https://x.org/a/", () => store);
    for (const name of ["One", " Two  words ", "Three"]) expect(save(saved, { name, link: `#q=${name.trim()}` })).toBeNull();
    expect(saved.list().map(({ name }) => name)).toEqual(["Three", "Two words", "One"]);
    expect(new Saved("https://x.org/b/", () => store).list()).toEqual([]);
    const [, two] = saved.list();
    expect(remove(saved, two!)).toBeNull();
    // Another tab saves one in the meantime.
    expect(save(new Saved("https://x.org/a/", () => store), { name: "Four", link: "#q=4" })).toBeNull();
    expect(restore(saved, two!, 1)).toBeNull();
    expect(saved.list().map(({ name }) => name)).toEqual(["Four", "Two words", "Three", "One"]);
  });

  it("say what is wrong with a name or a search", () => {
    const saved = new Saved("a", () => kept);
    const kept = storage();
    expect(save(saved, { name: " ", link: "#" })).toContain("name");
    expect(save(saved, { name: "x".repeat(121), link: "#" })).toContain("120");
    expect(save(saved, { name: "x", link: `#q=${"x".repeat(LONGEST_LINK)}` })).toContain("too many");
    expect(save(saved, { name: "Dog", link: "#q=dog" })).toBeNull();
    expect(save(saved, { name: "dog", link: "#q=cat" })).toContain("already");
    for (let n = 1; n < MOST_SAVED; n++) expect(save(saved, { name: String(n), link: "#q=n" })).toBeNull();
    expect(save(saved, { name: "one more", link: "#q=n" })).toContain("Remove one first");
    expect(saved.list()).toHaveLength(MOST_SAVED);
  });

  it("say so if the browser refuses or has no room, and change nothing", () => {
    const full = { ...storage(), setItem: () => { throw new DOMException("full", "QuotaExceededError"); } };
    const saved = new Saved("a", () => full);
    expect(save(saved, { name: "Dog", link: "#q=dog" })).toContain("did not store");
    expect(saved.list()).toEqual([]);
    const refused = new Saved("a", () => { throw new DOMException("denied", "SecurityError"); });
    expect(refused.list()).toEqual([]);
    expect(save(refused, { name: "Dog", link: "#q=dog" })).toContain("did not store");
  });

  it.each(["{", "null", "7", '{"name":"x"}', '[null, 1, {"name":"","link":"#"}, {"name":"x"}, {"name":"x","link":"javascript:alert(1)"}, {"name":["x"],"link":"#"}]'])("ignore damaged storage: %s", (text) => {
    expect(new Saved("a", () => storage({ "imagedb.saved a": text })).list()).toEqual([]);
  });
});

describe("a search in words", () => {
  const fields = [{ name: "tags", label: "Tags", type: "tags" }, { name: "width", label: "Width", type: "number" }] as FieldDefinition[];
  const say = (view: Partial<typeof HOME>) => inWords({ ...HOME, ...view }, fields, "picture");

  it("names words, pictures and conditions", () => {
    expect(say({ text: " dog ", filters: [{ field: "tags", kind: "any", values: ["a", "b", "c", "d"] }, { field: "width", kind: "range", min: 5 }, { field: "gone", kind: "none", values: ["x"] }], mode: "words" }))
      .toBe("dog · Tags: a, b, c, … · Width: at least 5 · gone: not x · by words");
    expect(say({ like: ["0".repeat(16), `-${"1".repeat(16)}`], pictures: [{ hash: "2".repeat(16), weight: 1 }] })).toBe("like 1 picture · unlike 1 picture · 1 picture of this device");
    expect(say({ filters: [{ field: "@set", kind: "ids", values: ["a", "b"] }, { field: "@map", kind: "topic", values: ["1"] }, { field: "@map", kind: "area", points: [] }] }))
      .toBe("a set of 2 pictures · a topic of the map · an area of the map");
    expect(say({ sort: { field: "width", direction: "ascending" } })).toBe("All, by Width");
  });
});
