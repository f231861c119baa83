/** The table of numbered tags of the golden site, and damaged ones. */
import { describe, expect, it } from "vitest";

import { blockOf, FormatError, readTagIndex, readTags } from "../../web_assets/src/format";
import { decoded, golden, json } from "./support/files";
import { serveTiny } from "./support/site";

const expected = json<{ tags: [number, string, string, number][] }>(golden, "site-tiny.json").tags;
const file = (path: string) => decoded(golden, "site-tiny", path);
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const entry = { path: "data/t.bin", bytes: 1, raw_bytes: 1, sha256: "0".repeat(64) };

describe("numbered tags", () => {
  it("are the ones that Python wrote, in blocks", () => {
    const index = readTagIndex(file(serveTiny().manifest.tags!.path));
    const blocks = index.blocks.map((block) => readTags(file(block.file.path), block));
    expect(blocks.length).toBeGreaterThan(1);
    expect(blocks.flat().map(({ id, name, field, count }) => [id, name, field, count])).toEqual(expected);
    for (const [id] of expected) {
      const block = blockOf(index, id)!;
      expect(readTags(file(block.file.path), block).some((tag) => tag.id === id)).toBe(true);
    }
    expect(blockOf(index, expected[0]![0] - 1)).toBeUndefined();
  });

  it("are refused if they are damaged", () => {
    const block = { first: 1, count: 1, file: entry };
    expect(readTags(bytes([[1, "a", "tags", 2]]), block)).toEqual([{ id: 1, name: "a", field: "tags", count: 2 }]);
    const wrong = [{}, [], [1], [[1, "a", "tags"]], [[2, "a", "tags", 2]], [[1, 2, "tags", 2]], [[1, "a", null, 2]], [[1, "a", "tags", -1]]];
    for (const value of wrong) expect(() => readTags(bytes(value), block), JSON.stringify(value)).toThrow(FormatError);
    expect(() => readTags(bytes([[1, "a", "tags", 1], [1, "b", "tags", 1]]), { ...block, count: 2 })).toThrow(FormatError);
    for (const value of [[], { count: 2, blocks: [{ ...entry, first: 1, count: 1 }] }, { count: 1, blocks: [{ first: 1, count: 1 }] }, { count: 0 }]) {
      expect(() => readTagIndex(bytes(value)), JSON.stringify(value)).toThrow(FormatError);
    }
  });
});
