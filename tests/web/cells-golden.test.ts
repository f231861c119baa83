/** tests/golden/site-cells: the page's reader finds what the plain decoder found (tests/golden/site-cells.json). */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { maskOf } from "../../web_assets/src/engine/mask";
import { UNKNOWN, type Nearest } from "../../web_assets/src/engine/nearest";
import { readManifest, type CellsEntry, type Manifest } from "../../web_assets/src/format";
import { bytes, golden, json } from "./support/files";
import { openFrom } from "./support/open-cells";
import { serve, type Server } from "./support/site";

interface Search {
  query: number;
  k: number;
  allowed: number[] | null;
  rows: number[];
  similarities: number[];
  cells: number[];
}

interface Expected {
  embeddings: (number[] | null)[];
  background: { pictures: number[]; texts: number[] };
  queries: number[][];
  searches: Search[];
}

const expected = json<Expected>(golden, "site-cells.json");
const QUERIES = expected.queries.map((query) => Float32Array.from(query));
const MANIFEST = json<Manifest>(golden, "site-cells", "manifest.json");
const COUNT = MANIFEST.collection.count;
/** Expected numbers have eight decimals, and queries are rounded to float32 here. */
const DIGITS = 6;

async function open(): Promise<{ nearest: Nearest; server: Server }> {
  const server = serve(MANIFEST, new Map(), (path) => {
    const file = join(golden, "site-cells", path);
    return existsSync(file) ? bytes(file) : null;
  });
  return await openFrom(readManifest(structuredClone(MANIFEST)).vectors as CellsEntry, server);
}

function expectClose(found: ArrayLike<number>, wanted: readonly number[]): void {
  expect(found.length).toBe(wanted.length);
  wanted.forEach((value, i) => { expect(found[i]!).toBeCloseTo(value, DIGITS); });
}

describe("the golden site with cells", () => {
  it("has the embeddings that the plain decoder read, and zeros for rows without one", async () => {
    const { nearest } = await open();
    const found = await nearest.embeddings(Array.from({ length: COUNT }, (_, row) => row));
    const dim = nearest.dim;
    expect(expected.embeddings.filter((embedding) => !embedding).length).toBeGreaterThan(0);
    expected.embeddings.forEach((embedding, row) => { expectClose(found.subarray(row * dim, (row + 1) * dim), embedding ?? new Array<number>(dim).fill(0)); });
  });

  it("has its background", async () => {
    const { nearest } = await open();
    expectClose(await nearest.background(QUERIES[0]!, false), expected.background.pictures);
    expectClose(await nearest.background(QUERIES[0]!, true), expected.background.texts);
  });

  it.each(expected.searches.map((search, i) => [i, search] as const))("search %i gives the same rows and similarities", async (_, { query, k, allowed, rows, similarities }) => {
    const { nearest } = await open();
    const found = await nearest.search(QUERIES[query]!, k, allowed && maskOf(allowed, COUNT));
    expect([...found.rows]).toEqual(rows);
    expectClose(found.similarities, similarities);
    expect(found.exact).toBe(false);
    expect(found.lost).toBeUndefined();
    expect([...await nearest.similarities(QUERIES[query]!, rows)]).toEqual([...found.similarities]);
    const others = Array.from({ length: COUNT }, (_, row) => row).filter((row) => !allowed?.includes(row));
    if (allowed) expect([...await nearest.similarities(QUERIES[query]!, others)].every((value) => value === UNKNOWN)).toBe(true);
  });

  it("gives the same again from memory, without a request", async () => {
    const { nearest, server } = await open();
    const { query, k, allowed } = expected.searches[0]!;
    const search = () => nearest.search(QUERIES[query]!, k, allowed && maskOf(allowed, COUNT));
    const first = await search();
    const asked = server.asked.length;
    expect(await search()).toEqual(first);
    expect(server.asked.length).toBe(asked);
    expect(server.asked.length).toBe(new Set(server.asked).size);
  });
});
