/** What the grid needs for rows lies beside their vectors: results are drawn from it, and from blocks of rows if a file fails. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Engine } from "../../web_assets/src/engine";
import { idAt, placeholderAt, type Manifest } from "../../web_assets/src/format";
import type { DrawnRow, Nearest } from "../../web_assets/src/engine/nearest";
import { drawnRow, writeCells } from "./support/cells";
import { rowsOf } from "./support/engine";
import { bytes, golden, json } from "./support/files";
import { openCells } from "./support/open-cells";
import { assets, BASE, serve, type Server } from "./support/site";

const written = writeCells({ seed: 8, rows: 600, cells: 12, least: 6, most: 8, tail: 9, drawn: true });
const query = Float32Array.from({ length: 10 }, (_, k) => Math.cos(3 * (k + 1)));
const VECTORS = "data/cell-vectors.";
const asked = (server: Server, start: string): string[] => server.asked.filter((path) => path.startsWith(start));

function expectDrawn(found: ReadonlyMap<number, DrawnRow>): void {
  for (const [row, { file, at }] of found) {
    const { id, width, height, offset, length, placeholder } = drawnRow(row);
    expect([idAt(file, at), file.width[at], file.height[at], file.offset[at], file.length[at]]).toEqual([id, width, height, offset, length]);
    expect([...placeholderAt(file, at)]).toEqual(placeholder);
  }
}

describe("rows that a search found", () => {
  it("are drawn from the files that the search read", async () => {
    const { nearest, server } = await openCells(written);
    expect(nearest.drawn!.held([1, 2, 3]).size).toBe(0);
    const rows = [...(await nearest.search(query, 30)).rows];
    const before = server.asked.length;
    const found = nearest.drawn!.held(rows);
    expect([...found.keys()].sort()).toEqual(rows.sort());
    expectDrawn(found);
    expect(server.asked.length).toBe(before);
  });

  it("are loaded beyond those, if their files are smaller than their blocks", async () => {
    const { nearest, server } = await openCells(written);
    const rows = [...(await nearest.search(query, 150)).rows];
    const drawn = nearest.drawn!;
    const held = drawn.held(rows);
    const left = rows.filter((row) => !held.has(row));
    expect(left.length).toBeGreaterThan(50);
    const before = asked(server, VECTORS).length;
    // All of them lie in one block.
    expect((await drawn.more(left, () => 0, 5000)).size).toBe(0);
    expect((await drawn.more([], (row) => row, 5000)).size).toBe(0);
    expect(asked(server, VECTORS).length).toBe(before);
    const found = await drawn.more(left, (row) => row, 5000);
    expect([...found.keys()].sort()).toEqual(left.sort());
    expectDrawn(found);
    expect(asked(server, VECTORS).length).toBeGreaterThan(before);
  });

  it("are not known if they were only looked at to leave them out", async () => {
    const { nearest } = await openCells(written);
    const rows = [...await nearest.above(query, -1)];
    expect(rows.length).toBeGreaterThan(100);
    const held = nearest.drawn!.held(rows);
    const left = rows.filter((row) => !held.has(row));
    expect(left.length).toBeGreaterThan(0);
    expect((await nearest.drawn!.more(left, (row) => row, 1e6)).size).toBe(0);
  });

  it("are left to their blocks if a file cannot be loaded", async () => {
    const { nearest, server } = await openCells(written);
    const rows = [...(await nearest.search(query, 150)).rows];
    const held = nearest.drawn!.held(rows);
    const left = rows.filter((row) => !held.has(row));
    const before = new Set(asked(server, VECTORS));
    for (const path of written.files.stored.keys()) if (path.startsWith(VECTORS) && !before.has(path)) server.faults.set(path, () => new Response("", { status: 404 }));
    expect((await nearest.drawn!.more(left, (row) => row, 5000)).size).toBe(0);
  });

  it("have no such files if the site has none", async () => {
    const { nearest } = await openCells(writeCells({ seed: 8 }));
    await nearest.search(query, 30);
    expect((nearest as Nearest).drawn).toBeNull();
  });
});

describe("the golden site", () => {
  const manifest = json<Manifest>(golden, "site-cells", "manifest.json");
  const fileOf = (path: string) => join(golden, "site-cells", path);
  const serveGolden = (): Server => serve(manifest, new Map(), (path) => (existsSync(fileOf(path)) ? bytes(fileOf(path)) : null));
  const open = (server: Server) => Engine.open(BASE, { fetch: server.fetch, assets });
  const like = async (engine: Engine, k: number) => {
    const [chosen] = await engine.rows([30]);
    return await engine.search({ text: "", like: [chosen!.id], mode: "meaning", k, infos: true });
  };

  it("draws what a picture is like without further blocks of rows", async () => {
    const server = serveGolden();
    const engine = await open(server);
    const found = await like(engine, 20);
    expect(found.results.length).toBe(20);
    // The id of the picture itself was read from a block.
    const blocks = asked(server, "data/rows.").length;
    expect(blocks).toBe(1);
    const plain = serveGolden();
    const other = await open(plain);
    expect(found.infos).toEqual(await other.rows(rowsOf(found)));
    expect(found.infos!.some(({ thumbnail }) => thumbnail)).toBe(true);
    expect(asked(plain, "data/rows.").length).toBeGreaterThan(blocks);
    await Promise.all([engine.close(), other.close()]);
  });

  it("draws the same from blocks of rows if no file of vectors arrives", async () => {
    const [server, plain] = [serveGolden(), serveGolden()];
    for (const name of readdirSync(fileOf("data"))) if (name.startsWith("cell-vectors.")) server.faults.set(`data/${name}`, () => new Response("", { status: 404 }));
    const [engine, other] = [await open(server), await open(plain)];
    // The embedding of a picture lies in such a file, so this one is searched for by its vector.
    const nearest = await engine.site.nearest();
    const { rows, lost } = await nearest.search(Float32Array.from({ length: nearest.dim }, (_, k) => Math.sin(k)), 20);
    expect(lost).toContain(VECTORS);
    expect(rows.length).toBe(20);
    expect(await engine.site.infos([...rows], true)).toEqual(await other.rows([...rows]));
    await Promise.all([engine.close(), other.close()]);
  });
});
