/** The pages of an object as one result: the answers of the Python reader, pages of a list, and rows that are not published. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine, Manifest, Mode } from "../../web_assets/src/engine";
import type { ObjectsEntry } from "../../web_assets/src/format";
import { open } from "./support/engine";
import { bytes, golden, json } from "./support/files";
import { serve } from "./support/site";
import { container, Files } from "./support/writer";

interface Case {
  query: string;
  mode: Mode;
  offset: number;
  rows: number[];
  pages: ([number, number] | null)[];
  total: number | null;
  pictures: number | null;
  strict_total: number | null;
  divide: number | null;
}

const file = json<{ k: number; first: number[]; place: number[]; pages: number[]; cases: Case[] }>(golden, "object-queries.json");
const pictures = json<{ images: Record<string, number[]> }>(golden, "queries.json").images;
const images = Object.fromEntries(Object.entries(pictures).map(([name, values]) => [name, Float32Array.from(values)]));
const BLOCK = 16;

function served() {
  const manifest = json<Manifest>(golden, "site-queries", "manifest.json");
  const files = new Files();
  const blocks = Array.from({ length: Math.ceil(file.first.length / BLOCK) }, (_, b) => {
    const part = (list: number[]): Uint32Array => Uint32Array.from(list.slice(b * BLOCK, (b + 1) * BLOCK));
    const sections = { first: part(file.first), place: part(file.place), pages: part(file.pages) };
    return files.put("data/objects", container("objects", { first: b * BLOCK, count: sections.first.length }, sections));
  });
  const rows = file.pages.filter((pages) => pages > 1).length;
  manifest.objects = { count: file.first.filter((first, row) => first === row).length, rows, block: BLOCK, files: files.list("data/objects", blocks) } satisfies ObjectsEntry;
  return serve(manifest, files.stored, (path) => {
    const at = join(golden, "site-queries", path);
    return existsSync(at) ? bytes(at) : null;
  });
}

let engine: Engine;
beforeAll(async () => { engine = await open(served()); });
afterAll(async () => { await engine.close(); });

describe("one result for each object", () => {
  it("is answered as by the Python reader", async () => {
    expect(file.cases.length).toBeGreaterThan(300);
    for (const want of file.cases) {
      const where = `${JSON.stringify(want.query.slice(0, 200))} in mode ${want.mode}`;
      const { mode, offset } = want;
      const found = await engine.search({ text: want.query, mode, images, k: file.k, offset, byObject: true });
      expect(found.results.map(({ row }) => row), where).toEqual(want.rows);
      expect(found.results.map(({ page }) => (page ? [page.number, page.of] : null)), where).toEqual(want.pages);
      expect(found.total, where).toBe(want.total);
      expect(found.pictures ?? null, where).toBe(want.pictures);
      expect(found.strictTotal ?? null, where).toBe(want.strict_total);
      expect(found.divide ?? null, where).toBe(want.divide);
    }
  }, 60_000);

  it.each(["", "sort:rating", "night", "tag:cat", "-tag:cat", "harbour"])("has the same order in pages as in one list: %s", async (text) => {
    for (const mode of ["all", "words", "meaning"] as const) {
      const request = { text, mode, byObject: true };
      const whole = (await engine.search({ ...request, k: 60 })).results.map(({ row }) => row);
      const pages: number[] = [];
      for (let offset = 0; offset < whole.length; offset += 5) pages.push(...(await engine.search({ ...request, k: 5, offset })).results.map(({ row }) => row));
      expect(pages, mode).toEqual(whole);
      const objects = whole.map((row) => (file.first[row] === 0xffffffff ? row : file.first[row]));
      expect(new Set(objects).size, mode).toBe(objects.length);
    }
  });

  it("keeps the best page of a ranking, and the first page of a list that nothing ranks", async () => {
    const all = await engine.search({ text: "night", mode: "all", k: 60, byObject: false });
    const best = new Map<number, number>();
    for (const { row } of all.results) if (!best.has(file.first[row]!)) best.set(file.first[row]!, row);
    const folded = await engine.search({ text: "night", mode: "all", k: 60, byObject: true });
    for (const { row, page } of folded.results) if (page) expect(best.get(file.first[row]!)).toBe(row);
    const listed = await engine.search({ mode: "all", k: 60, byObject: true });
    for (const { row, page } of listed.results) if (page) expect(file.place[row]).toBe(0);
    expect(listed.total).toBe(listed.results.length);
  });

  it("says of every page which one it is, if each is a result", async () => {
    const { results, total, pictures: known } = await engine.search({ mode: "all", k: 60, byObject: false });
    expect(total).toBe(60);
    expect(known).toBeUndefined();
    for (const { row, page } of results) expect(page).toEqual(file.pages[row]! > 1 ? { number: file.place[row]! + 1, of: file.pages[row] } : undefined);
    // Who asks for no pages pays for none.
    expect((await engine.search({ mode: "all", k: 60 })).results.some(({ page }) => page)).toBe(false);
  });

  it("reads of the collection only what it shows", async () => {
    const server = served();
    const other = await open(server);
    await other.search({ mode: "all", k: 3, byObject: true });
    const asked = server.asked.filter((path) => path.startsWith("data/objects."));
    expect(asked.length).toBeLessThanOrEqual(Math.ceil(60 / BLOCK));
    await other.search({ mode: "all", k: 60, byObject: true });
    expect(server.asked.filter((path) => path.startsWith("data/objects.")).length).toBe(Math.ceil(60 / BLOCK));
    await other.close();
  });

  it("has the dates of the pages that stand for their objects", async () => {
    const field = engine.manifest.fields.find(({ type, column }) => type === "date" && column)!.name;
    const sort = { field, direction: "descending" as const };
    const sizeOf = async (byObject: boolean): Promise<[number, number | null]> => {
      const dates = (await engine.timeline(field, { sort, byObject }))!;
      return [dates.undated + dates.counts.reduce((sum, count) => sum + count, 0), (await engine.search({ mode: "all", sort, byObject, k: 1 })).total];
    };
    const [objects, ofObjects] = await sizeOf(true);
    const [pictures, ofPictures] = await sizeOf(false);
    expect([objects, pictures]).toEqual([ofObjects, ofPictures]);
    expect(objects).toBeLessThan(pictures);
  });
});
