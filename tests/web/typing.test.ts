/** Searching while a person is typing: for which texts, and when it starts. */
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { FullText } from "../../web_assets/src/catalog";
import { endsInWord } from "../../web_assets/src/engine/typing";
import { Eager } from "../../web_assets/src/ui/search/eager";
import { golden } from "./support/files";
import { openText } from "./support/text";

const folder = `${golden}/site-tiny`;
const ready = { ready: true };
const words = new Set(["giraffe"]);
let catalog: FullText;

beforeAll(() => {
  catalog = openText(folder);
});

describe("a text that ends in a word", () => {
  const hand = () => ({ catalog, words, encoder: ready });

  it.each(["lighthouse", "old lighthouse", "Lighthouses", "-lighthouse", "giraffe"])("%j", async (text) => {
    expect(await endsInWord(text, hand())).toBe(true);
  });

  it.each(["", "lighth", "lighthouse ", "lighthouse at", "x", "giraff", "lighthouse -", "…"])("not %j", async (text) => {
    expect(await endsInWord(text, hand())).toBe(false);
  });

  it("does not count while the model is loading, but does if the collection has no model", async () => {
    expect(await endsInWord("lighthouse", { ...hand(), encoder: { ready: false } })).toBe(false);
    expect(await endsInWord("lighthouse", { ...hand(), encoder: null })).toBe(true);
    expect(await endsInWord("lighthouse", { catalog: null, words: null, encoder: ready })).toBe(false);
  });
});

describe("a search while typing", () => {
  beforeEach(() => { vi.useFakeTimers(); });
  afterEach(() => { vi.useRealTimers(); });
  const setUp = (took: number | null, ends: (text: string) => Promise<boolean> = (text) => Promise.resolve(text.endsWith("dog"))) => {
    const asked: string[] = [];
    const begin = vi.fn(ends);
    const eager = new Eager({ begin, lastTook: () => took });
    const type = async (text: string, wait: number) => {
      eager.typed(text, () => { eager.stop(); asked.push(text); });
      await vi.advanceTimersByTimeAsync(wait);
    };
    return { asked, eager, begin, type };
  };

  it("starts immediately after a complete word, once", async () => {
    const { asked, type } = setUp(20);
    for (const text of ["a d", "a do", "a dog"]) await type(text, 10);
    expect(asked).toEqual(["a dog"]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(asked).toEqual(["a dog"]);
  });

  it("starts in a pause, whatever the text ends with", async () => {
    const { asked, type } = setUp(20);
    await type("a do", 150);
    await type("a dox", 2000);
    expect(asked).toEqual(["a dox"]);
  });

  it("waits for a pause if answers are slow, or before the first answer", async () => {
    for (const took of [2000, null]) {
      const { asked, type, begin } = setUp(took);
      await type("dog", 100);
      expect(asked).toEqual([]);
      expect(begin).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(200);
      expect(asked).toEqual(["dog"]);
    }
  });

  it("does not start for a text that has been replaced", async () => {
    let answer: (ends: boolean) => void = () => undefined;
    const { asked, type, eager } = setUp(20, () => new Promise((resolve) => { answer = resolve; }));
    await type("dog", 10);
    eager.stop();
    answer(true);
    await vi.advanceTimersByTimeAsync(2000);
    expect(asked).toEqual([]);
  });

  it("survives a worker that fails", async () => {
    const { asked, type } = setUp(20, () => Promise.reject(new Error("gone")));
    await type("dog", 300);
    expect(asked).toEqual(["dog"]);
  });
});
