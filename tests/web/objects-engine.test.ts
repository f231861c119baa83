/** Objects with several pages in the engine: which rows are pages of one object, and damage. */
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Engine } from "../../web_assets/src/engine";
import { FormatError, type ObjectsEntry } from "../../web_assets/src/format";
import { readPages } from "../../web_assets/src/format/objects";
import { open } from "./support/engine";
import { golden, json } from "./support/files";
import { serveTiny, type Server } from "./support/site";
import { container } from "./support/writer";

interface Golden {
  entry: ObjectsEntry;
  files: Record<string, string>;
  first: number[];
  place: number[];
  pages: number[];
  rows_of: number[][];
  refused: { name: string; bytes: string }[];
}

const given = json<Golden>(golden, "objects.json");
const ROWS = given.first.length;
const unpacked = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, "base64"));

/** The golden objects, with some changed. */
function served(change: (pages: Pick<Golden, "first" | "place" | "pages">, entry: Record<string, unknown>) => void = () => undefined): Server {
  return serveTiny({
    change: (manifest, files) => {
      const { block } = given.entry;
      const pages = { first: [...given.first], place: [...given.place], pages: [...given.pages] };
      const entry: Record<string, unknown> = { count: given.entry.count, rows: given.entry.rows, block };
      change(pages, entry);
      const blocks = Array.from({ length: Math.ceil(ROWS / block) }, (_, b) => {
        const part = (list: number[]): Uint32Array => Uint32Array.from(list.slice(b * block, (b + 1) * block));
        const sections = { first: part(pages.first), place: part(pages.place), pages: part(pages.pages) };
        return files.put("data/objects", container("objects", { first: b * block, count: sections.first.length }, sections));
      });
      manifest.objects = { files: files.list("data/objects", blocks), ...entry } as unknown as ObjectsEntry;
    },
  });
}

let engine: Engine;
afterEach(async () => { await engine.close(); });

describe("the objects that Python wrote", () => {
  it("are read alike", async () => {
    engine = await open(serveTiny({
      change: (manifest, files) => {
        manifest.objects = given.entry;
        for (const [path, text] of Object.entries(given.files)) files.stored.set(path, unpacked(text));
      },
    }));
    for (let row = 0; row < ROWS; row++) expect(await engine.pagesOf(row)).toEqual(given.rows_of[row]);
  });

  it.each(given.refused)("are refused with $name", async ({ bytes }) => {
    engine = await open(serveTiny());
    expect(() => readPages(unpacked(bytes), 0, 4, 24)).toThrow(FormatError);
  });
});

describe("objects", () => {
  it("are absent from most sites: a row is the only page", async () => {
    engine = await open(serveTiny());
    expect(await engine.pagesOf(3)).toEqual([3]);
    await expect(engine.pagesOf(ROWS)).rejects.toThrow("no row");
  });

  it("are read block by block, the nearest first", async () => {
    const server = served();
    engine = await open(server);
    expect(await engine.pagesOf(3)).toEqual([4, 3]);
    const asked = server.asked.filter((path) => path.startsWith("data/objects"));
    expect(await engine.pagesOf(23)).toEqual([2, 1, 0, 23]);
    expect(server.asked.filter((path) => path.startsWith("data/objects")).length).toBe(asked.length + 2);
  });

  it.each([
    ["a page that is missing", (pages: Golden) => { pages.first[23] = 0xffffffff; pages.place[23] = 0; pages.pages[23] = 1; }],
    ["a page twice", (pages: Golden) => { pages.place[23] = 1; }],
    ["pages that disagree", (pages: Golden) => { pages.pages[1] = 5; }],
    ["a block of more rows than a file may have", (_: Golden, entry: Record<string, unknown>) => { entry["block"] = 65_537; }],
    ["too few files", (_: Golden, entry: Record<string, unknown>) => { entry["block"] = 4; }],
    ["more rows than the collection", (_: Golden, entry: Record<string, unknown>) => { entry["rows"] = 25; }],
    ["more objects than pages allow", (_: Golden, entry: Record<string, unknown>) => { entry["count"] = 11; }],
  ] as [string, (pages: Pick<Golden, "first" | "place" | "pages">, entry: Record<string, unknown>) => void][])("with %s are refused", async (_, change) => {
    engine = await open(served(change));
    await expect(engine.pagesOf(2)).rejects.toThrow(FormatError);
  });

  it("are never read from other bytes than a whole block", async () => {
    engine = await open(serveTiny());
    const base = container("objects", { first: 0, count: 4 }, { first: Uint32Array.of(0, 0, 0xffffffff, 9), place: Uint32Array.of(0, 1, 0, 1), pages: Uint32Array.of(3, 3, 1, 2) });
    expect(readPages(base, 0, 4, 24).place).toEqual(Uint32Array.of(0, 1, 0, 1));
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }), fc.nat(base.length), (edits, end) => {
      const bytes = base.slice(0, edits.length % 2 ? base.length : end);
      for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
      try {
        const pages = readPages(bytes, 0, 4, 24);
        pages.first.forEach((first, row) => {
          if (first === 0xffffffff) expect([pages.place[row], pages.pages[row]]).toEqual([0, 1]);
          else expect(first < 24 && pages.pages[row]! > 1 && pages.place[row]! < pages.pages[row]!).toBe(true);
        });
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }));
  });
});
