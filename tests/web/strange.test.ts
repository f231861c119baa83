/** Texts in a language that the model does not know. The cases are those of tests/unit/test_strange.py. */
import { describe, expect, it } from "vitest";
import { isStrange } from "../../web_assets/src/engine/strange";
import { lexiconOf } from "../../web_assets/src/engine/suggest/lexicons";

const LIST = ["dog", "beach", "house", "garden", "cafe"];
const SINGLE = new Set(["a", "on", "the", "man", "ein", "am", "strand", "花"]);
/** Words that no text has, so that the list is long enough. */
const padded = (words: readonly string[]): string[] => [...words, ...Array.from({ length: 1000 }, (_, i) => `${"q".repeat(9)}${"x".repeat(i % 30)}`)];

const asked = (text: string, words: readonly string[] | null = padded(LIST), single: ReadonlySet<string> | null = SINGLE): Promise<boolean> =>
  isStrange(text, {
    list: () => Promise.resolve(words),
    listed: (list, word) => lexiconOf(list).has(word),
    split: (some) => Promise.resolve(single && some.filter((word) => !single.has(word))),
  });

describe("texts in a language that the model does not know", () => {
  it.each([
    ["a dog on the beach", false], ["dogs in gardens", false], ["café", false], ["axolotl", false], ["a man on the axolotl", false],
    ["ein hund am strand", false], ["blumen", false], ["blumen garten", true], ["rote blumen am haus", true], ["Brücke", true], ["Alte Brücke", true],
    ["собака", true], ["花", true], ["日本の橋", true], ["dog собака", true], ["a dog on the beach 花", false], ["12 34", false], ["\u2764\ufe0f", false], ["", false],
  ])("are told from others: %s", async (text, strange) => {
    expect(await asked(text)).toBe(strange);
  });

  it("are not looked for without a long list of words, or with a tokenizer of many languages", async () => {
    expect(await asked("собака", LIST)).toBe(false);
    expect(await asked("собака", null)).toBe(false);
    expect(await asked("собака", padded(LIST), null)).toBe(false);
  });

  it("are none of those whose script or letters the list has", async () => {
    const words = padded([...LIST, "собака", "цветок", "brücke"]);
    expect(await Promise.all(["собака", "ток", "lücke", "花"].map((text) => asked(text, words, new Set())))).toEqual([false, false, false, true]);
  });

  it("do not load the list for ordinary texts", async () => {
    const list = () => Promise.reject(new Error("is not asked for"));
    expect(await isStrange("a dog on the beach", { list, listed: () => true, split: () => Promise.resolve(["beach"]) })).toBe(false);
  });
});
