/** A site that shows its pictures before its search has loaded. */
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { keepsPictures } from "../../web_assets/src/additions/device";
import { Store } from "../../web_assets/src/additions/store";
import type { Addition, AdditionsState } from "../../web_assets/src/additions/types";
import { isWhole } from "../../web_assets/src/engine/browse";
import { Engine } from "../../web_assets/src/engine";
import { Published } from "../../web_assets/src/engine/published";
import type { SearchRequest } from "../../web_assets/src/engine/types";
import { early, type Later } from "../../web_assets/src/worker/early";
import type { Opened } from "../../web_assets/src/worker/serve";
import { assets, BASE, serveTiny } from "./support/site";

const BROWSE: SearchRequest = { mode: "all", k: 5, infos: true, group: true };

interface Made extends Opened {
  /** How often the search was asked for. */
  loads: () => number;
  site: Published;
  additionsSaid: (state: AdditionsState) => void;
}

async function open(wishes: Partial<Pick<Later, "kept" | "additions">> & { fails?: number } = {}): Promise<Made> {
  const { fetch } = serveTiny({ model: true });
  const site = await Published.open(BASE, { fetch });
  let [loads, fails] = [0, wishes.fails ?? 0];
  const real = { onChange: (() => undefined) as (state: AdditionsState) => void, state: () => Promise.resolve({ count: 7 }) };
  const load = (): Promise<Opened> => {
    loads++;
    if (fails-- > 0) return Promise.reject(new TypeError("Failed to fetch"));
    const collection = Engine.over(site, BASE, { assets });
    return Promise.resolve({ collection, additions: wishes.additions ? real as unknown as Opened["additions"] : null });
  };
  const opened = early(site, { additions: false, kept: Promise.resolve(false), load, ...wishes });
  return { ...opened, site, loads: () => loads, additionsSaid: (state) => { real.onChange(state); } };
}

describe("before the search has loaded", () => {
  it("a list of everything is the same as the search's, and needs no search", async () => {
    const { collection, loads, site } = await open();
    const whole = Engine.over(site, BASE, { assets });
    for (const request of [BROWSE, { ...BROWSE, offset: 20, k: 10 }, { ...BROWSE, offset: 99 }, { ...BROWSE, infos: false, text: " " }]) {
      expect({ ...await collection.search(request), elapsedMs: 0 }).toEqual({ ...await whole.search(request), elapsedMs: 0 });
    }
    expect((await collection.search(BROWSE)).results).toHaveLength(5);
    expect(loads()).toBe(0);
  });

  it("rows and documents are answered", async () => {
    const { collection, loads, site } = await open();
    const whole = Engine.over(site, BASE, { assets });
    expect(await collection.rows([3, 0])).toEqual(await whole.rows([3, 0]));
    expect(await collection.document(4)).toEqual(await whole.document(4));
    const { id } = (await collection.rows([7]))[0]!;
    expect(await collection.rowOf(id)).toBe(7);
    expect(await collection.ids()).toEqual(await whole.ids());
    expect(loads()).toBe(0);
  });

  it("the dates of the whole list are the same as the search's", async () => {
    const { collection, loads, site } = await open();
    const field = site.manifest.fields.find(({ type, column }) => type === "date" && column)!.name;
    const whole = Engine.over(site, BASE, { assets });
    const found = await collection.timeline(field, { mode: "all" });
    expect(found!.counts.length).toBeGreaterThan(0);
    expect(found).toEqual(await whole.timeline(field, { mode: "all" }));
    expect(await collection.timeline(field, { most: 1 })).toBeNull();
    expect(loads()).toBe(0);
    const sorted = await collection.timeline(field, { sort: { field, direction: "ascending" } });
    expect(sorted!.days).toEqual(found!.days.toReversed());
    expect(loads()).toBe(1);
    await expect(collection.timeline("no such field")).rejects.toThrow();
  });

  it("everything else waits for the search, which is loaded once", async () => {
    const { collection, loads } = await open();
    const [found, facets] = await Promise.all([collection.search({ ...BROWSE, text: "dog", mode: "words" }), collection.suggest("d")]);
    expect(found.stage).toBe("final");
    expect(facets).toBeInstanceOf(Array);
    expect(loads()).toBe(1);
    await expect(collection.rows([99])).rejects.toThrow("no row 99");
    await expect(collection.search({ ...BROWSE, k: -1 })).rejects.toThrow("k must be");
    expect(loads()).toBe(1);
  });

  it("the search follows the pictures of the first answer", async () => {
    const { collection, loads } = await open();
    await collection.search(BROWSE);
    collection.pictures(true);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
    expect(loads()).toBe(0);
    collection.pictures(false);
    await vi.waitFor(() => { expect(loads()).toBe(1); });
  });

  it("a search that could not be loaded is loaded again by the next question", async () => {
    const { collection, loads } = await open({ fails: 1 });
    await expect(collection.suggest("d")).rejects.toThrow("Failed to fetch");
    expect((await collection.search(BROWSE)).results).toHaveLength(5);
    expect(await collection.suggest("d")).toBeInstanceOf(Array);
    expect(loads()).toBe(2);
  });

  it("pictures of this device come first, so that every question waits for them", async () => {
    const { collection, loads } = await open({ kept: Promise.resolve(true), additions: true });
    await collection.search(BROWSE);
    expect(loads()).toBe(1);
  });

  it("the state of the additions is known with the search, and changes are told", async () => {
    const { collection, additions, additionsSaid, loads } = await open({ additions: true });
    const told: AdditionsState[] = [];
    additions!.onChange = (state) => { told.push(state); };
    const state = additions!.state();
    await collection.search(BROWSE);
    expect(loads()).toBe(0);
    await collection.suggest("d");
    expect(await state).toEqual({ count: 7 });
    additionsSaid({ count: 8 } as AdditionsState);
    expect(told).toEqual([{ count: 8 }]);
  });
});

it("only lists of everything in default order need no search", () => {
  expect(isWhole(BROWSE)).toBe(true);
  expect(isWhole({ ...BROWSE, sort: { field: "default", direction: "ascending" } })).toBe(true);
  const others: Partial<SearchRequest>[] = [
    { text: "dog" }, { filters: [{ kind: "topic", field: "map", values: ["1"] } as never] }, { like: ["a"] }, { embeddings: [new Float32Array(4)] }, { images: {} },
    { sort: { field: "default", direction: "descending" } }, { sort: { field: "taken", direction: "ascending" } }, { k: 1.5 }, { k: 100_000 }, { offset: -1 },
  ];
  for (const other of others) expect(isWhole({ ...BROWSE, ...other })).toBe(false);
});

describe("whether this device keeps pictures", () => {
  beforeEach(() => { globalThis.indexedDB = new IDBFactory(); });
  const seen = { address: BASE, title: "T", hash: "h", rowOf: () => Promise.resolve(null), sampleIds: () => Promise.resolve([]) };

  it("is known without making a database", async () => {
    expect(await keepsPictures()).toBe(false);
    expect(await indexedDB.databases()).toEqual([]);
    const store = await Store.open(seen, () => undefined);
    expect(await keepsPictures()).toBe(false);
    await store.put({ id: "a", name: "n", added: 1 } as Addition, new Blob(["x"]));
    expect(await keepsPictures()).toBe(true);
    store.close();
  });

  it("is assumed if the device does not say", async () => {
    globalThis.indexedDB = { open: () => ({}) } as unknown as IDBFactory;
    expect(await keepsPictures()).toBe(true);
  });
});
