/** Lists of files, and finding every file of a site by walking its indexes. */
import fc from "fast-check";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { entriesIn, entriesOf, FileList, FormatError, readNode, type FileEntry, type Manifest } from "../../web_assets/src/format";
import { decoded, golden, json } from "./support/files";
import { container, Files } from "./support/writer";

/** A list of small files that contain their position, and how often its nodes were loaded. */
function listOf(count: number, fanout: number) {
  const files = new Files();
  const entries = Array.from({ length: count }, (_, i) => files.put("data/part", Uint8Array.from(Buffer.from(`file ${i}`))));
  const asked: string[] = [];
  const load = (entry: FileEntry): Promise<Uint8Array> => {
    asked.push(entry.path);
    return Promise.resolve(files.stored.get(entry.path) ?? new Uint8Array());
  };
  return { entries, asked, load, list: files.list("data/part", entries, fanout) };
}

const bare = ({ path, bytes, sha256 }: FileEntry) => ({ path, bytes, sha256 });

describe("a list of files", () => {
  it("gives the entry of every file, whatever its length and fan-out", async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 2, max: 9 }), async (count, fanout) => {
      const { entries, list, load } = listOf(count, fanout);
      const read = new FileList(list, load);
      expect((await read.entries()).map(bare)).toEqual(entries.map(bare));
      for (const place of [0, count >> 1, count - 1]) expect(bare(await new FileList(list, load).entry(place))).toEqual(bare(entries[place]!));
    }), { numRuns: 60 });
  });

  it("loads one node per level, and each node once", async () => {
    const { list, load, asked } = listOf(1000, 10);
    const read = new FileList(list, load);
    await Promise.all([read.entry(123), read.entry(124)]);
    expect(asked).toHaveLength(3);
    await read.entry(129);
    expect(asked).toHaveLength(3);
    await read.entry(999);
    expect(asked).toHaveLength(5);
  });

  it("loads a node again that could not be loaded", async () => {
    const { list, load } = listOf(20, 4);
    let broken = true;
    const read = new FileList(list, (entry) => (broken ? Promise.reject(new Error("offline")) : load(entry)));
    await expect(read.entry(7)).rejects.toThrow("offline");
    broken = false;
    expect((await read.entry(7)).path).toMatch(/^data\/part\./);
  });

  it("refuses other positions", async () => {
    const { list, load } = listOf(3, 4);
    for (const place of [-1, 3, 0.5, NaN]) await expect(new FileList(list, load).entry(place)).rejects.toThrow(RangeError);
  });

  const node = (header: Record<string, unknown>, count = 1) => container(
    "index", { first: 0, count, level: 0, fanout: 4, prefix: "data/x.", suffix: ".bin", ...header },
    { sha256: new Uint8Array(32 * count), bytes: new Uint32Array(count), raw_bytes: new Uint32Array(count) },
  );

  it("refuses nodes that are not valid", () => {
    expect(readNode(node({})).entry(0).path).toBe(`data/x.${"0".repeat(16)}.bin`);
    for (const wrong of [
      { fanout: 1 }, { fanout: 4097 }, { count: 0 }, { count: 2 }, { level: -1 }, { level: 1e9 }, { first: -4 }, { prefix: 1 }, { suffix: null },
      { prefix: "../" }, { prefix: "/data/x." }, { prefix: "https://evil.example/" }, { suffix: "/../x" },
    ]) expect(() => readNode(node(wrong)), JSON.stringify(wrong)).toThrow(FormatError);
    expect(() => readNode(node({}, 5))).toThrow(FormatError);
  });

  it("refuses nodes that do not cover the files they should", async () => {
    const entry = (index = true): FileEntry => ({ path: "data/root.bin", bytes: 1, raw_bytes: 1, sha256: "0".repeat(64), ...(index ? { index } : {}) });
    const read = (count: number, bytes: Uint8Array) => new FileList({ count, index: entry() }, () => Promise.resolve(bytes)).entry(0);
    await expect(read(1, node({}))).resolves.toMatchObject({ bytes: 0 });
    for (const [count, bytes] of [
      [2, node({})], [1, node({}, 2)], [5, node({}, 4)], [1, node({ first: 1 })], [9, node({ level: 1 }, 2)],
    ] as const) await expect(read(count, bytes), String(count)).rejects.toThrow("does not cover");
    // A child with the wrong position, level or fan-out.
    for (const change of [{ first: 0 }, { level: 1 }, { fanout: 5 }, { count: 3 }]) {
      const root = node({ level: 1 }, 2);
      const child = node({ first: 4, ...change }, change.count ?? 4);
      const list = new FileList({ count: 8, index: entry() }, ({ path }) => Promise.resolve(path === "data/root.bin" ? root : child));
      await expect(list.entry(4), JSON.stringify(change)).rejects.toThrow(FormatError);
    }
  });

  it("throws FormatError and nothing else, whatever the nodes contain", async () => {
    const { list, load } = listOf(20, 4);
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 }), fc.nat(19), async (changes, place) => {
      const read = new FileList(list, async (entry) => {
        const bytes = (await load(entry)).slice();
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        return bytes;
      });
      await read.entry(place).catch((error: unknown) => { expect(error).toBeInstanceOf(FormatError); });
    }), { numRuns: 300 });
  });
});

describe("the walk", () => {
  it.each(["site-tiny", "site-grown", "site-queries"])("finds every file of %s but the pictures", async (name) => {
    const folder = join(golden, name);
    const found: string[] = [];
    for await (const { path } of entriesOf(json(folder, "manifest.json"), (entry) => Promise.resolve(decoded(folder, entry.path)))) found.push(path);
    const stored = ["data", "model"].filter((part) => existsSync(join(folder, part)))
      .flatMap((part) => readdirSync(join(folder, part)).map((file) => `${part}/${file}`));
    expect(stored.length).toBeGreaterThan(10);
    expect(found.filter((path) => /^(data|model)\//.test(path)).sort()).toEqual(stored.sort());
    expect(new Set(found).size).toBe(found.length);
  });

  it("skips the files listed by index files that are not available", async () => {
    const manifest = json<Manifest>(golden, "site-tiny", "manifest.json");
    const found: string[] = [];
    for await (const { path } of entriesOf(manifest, () => Promise.resolve(null))) found.push(path);
    expect(found).toContain(manifest.catalog.terms.first.path);
    expect(found).toContain(manifest.rows.files.index.path);
    expect(found.some((path) => path.startsWith("data/documents."))).toBe(false);
  });

  it("ends even if index files form a cycle", async () => {
    const entry: FileEntry = { path: "data/a.json", bytes: 1, raw_bytes: 1, sha256: "0".repeat(64), index: true };
    const content = new TextEncoder().encode(JSON.stringify({ again: entry, other: { ...entry, path: "data/b.json" } }));
    const found: string[] = [];
    for await (const { path } of entriesOf({ list: [entry] }, () => Promise.resolve(content))) found.push(path);
    expect(found).toEqual(["data/a.json", "data/b.json"]);
  });

  it("finds entries under any key, and refuses invalid ones", () => {
    const entry: FileEntry = { path: "data/a.bin", bytes: 1, raw_bytes: 1, sha256: "0".repeat(64) };
    expect(entriesIn({ new: [{ part: { deep: entry } }], other: [1, null, "x", { path: "no entry" }] })).toEqual([entry]);
    for (const wrong of [{ path: "a/../b" }, { path: "" }, { path: 1 }, { bytes: -1 }, { raw_bytes: "1" }, { sha256: "abc" }]) {
      expect(() => entriesIn([{ ...entry, ...wrong }]), JSON.stringify(wrong)).toThrow(FormatError);
    }
    let deep: unknown = entry;
    for (let i = 0; i < 1000; i++) deep = [deep];
    expect(() => entriesIn(deep)).toThrow(FormatError);
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      try {
        entriesIn(value);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }));
  });
});
