/** Pictures added on the device: stored, searched together with the collection, changed, deleted once published, exported. */
import "fake-indexeddb/auto";
import { IDBFactory, IDBObjectStore } from "fake-indexeddb";
import { webcrypto } from "node:crypto";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_PICTURE_BYTES } from "../../web_assets/src/base/limits";
import { Engine } from "../../web_assets/src/engine";
import { openAdditions, type AdditionsHost, type AdditionsState, type DecodedPicture } from "../../web_assets/src/additions";
import { decodeEmbedding, readBundle } from "../../web_assets/src/additions/bundle";
import { continued, lineageOf, type Seen } from "../../web_assets/src/additions/lineage";
import type { Manifest, PackManifest } from "../../web_assets/src/format";
import { expected } from "./support/engine";
import { bytes, golden, json } from "./support/files";
import { assets, BASE, serveTiny } from "./support/site";
import { idFiles, type Files } from "./support/writer";

const sha256 = (data: ArrayBuffer) => webcrypto.subtle.digest("SHA-256", data);

let factory: IDBFactory;
let clock: number;
let tabs: Map<string, Set<() => void>>;
beforeEach(() => {
  factory = new IDBFactory();
  globalThis.indexedDB = factory;
  clock = 1_700_000_000_000;
  tabs = new Map();
});

/** A picture of one colour; its bytes encode the colour. */
function picture(...colour: number[]): Blob {
  return new Blob([Uint8Array.from(colour)], { type: "image/png" });
}

async function decode(file: Blob): Promise<DecodedPicture> {
  const [red = 0, green = 0, blue = 0] = new Uint8Array(await file.arrayBuffer());
  if (red === 255 && green === 0 && blue === 255) throw new Error("This browser cannot read the picture.");
  const data = new Uint8ClampedArray(64 * 64 * 4);
  for (let i = 0; i < data.length; i += 4) data.set([red, green, blue, 255], i);
  return {
    pixels: { width: 64, height: 64, data }, width: 640, height: 480, thumbnail: Uint8Array.of(1, 2, 3), thumbnailType: "image/webp",
    placeholder: Uint8Array.of(9),
  };
}

function host(change: Partial<AdditionsHost> = {}): AdditionsHost {
  return {
    sha256,
    decode,
    metadata: () => Promise.resolve({ taken: "2021-06-05T10:00:00", camera: "Canon EOS 5D" }),
    channel: (name, heard) => {
      const all = tabs.get(name) ?? new Set();
      tabs.set(name, all.add(heard));
      return { tell: () => { for (const other of all) if (other !== heard) other(); }, close: () => { all.delete(heard); } };
    },
    now: () => clock++,
    ...change,
  };
}

interface Visit {
  change?: (manifest: Manifest, files: Files) => void;
  model?: (pack: PackManifest) => void;
  host?: Partial<AdditionsHost>;
}

async function visit({ change, model, host: own }: Visit = {}) {
  const server = serveTiny({ model: model ?? true, ...(change ? { change } : {}) });
  const engine = await Engine.open(BASE, { assets, fetch: server.fetch });
  const additions = openAdditions(engine, host(own));
  await additions.ready;
  return { engine, additions };
}

const find = async (engine: Engine, text: string, mode: "all" | "words" | "meaning" = "words") => {
  const { results } = await engine.search({ text, mode, k: 40 });
  const infos = await engine.rows(results.map(({ row }) => row));
  return infos.map(({ id }) => id);
};

describe("an added picture", () => {
  it("is found by the next search: by caption, tag, file name, meaning and picture, and as similar to others", async () => {
    const { engine, additions } = await visit();
    const before = await engine.search({ text: "cat", mode: "all", k: 40 });
    const outcome = await additions.add({ file: picture(200, 10, 10), name: "IMG_zebra.png", caption: "Striped horses running", tags: ["safari", "dust"] });
    expect(outcome.kind).toBe("added");
    const { id } = outcome;
    for (const words of ["horse", "SAFARI", "img_zebra", '"striped horses"', "stri*", "horses NOT boats"]) expect(await find(engine, words), words).toEqual([id]);
    expect((await find(engine, "striped horses running", "all"))[0]).toBe(id);
    const embedding = await engine.embedImage((await decode(picture(200, 10, 10))).pixels);
    const near = await engine.search({ embeddings: [embedding], mode: "meaning", k: 3 });
    expect(near.results[0]!.row).toBe(24);
    expect(near.results[0]!.similarity).toBeCloseTo(1, 5);
    const like = await engine.search({ like: [id], mode: "meaning", k: 30 });
    expect(like.results).toHaveLength(25);
    expect(like.results[0]!.row).toBe(24);
    // The published rows keep their order among themselves.
    const after = await engine.search({ text: "cat", mode: "all", k: 40 });
    expect(after.results.map(({ row }) => row).filter((row) => row < 24)).toEqual(before.results.map(({ row }) => row));
  });

  it("is included in filters, facets, sorting and the plain listing", async () => {
    const { engine, additions } = await visit();
    const { id } = await additions.add({ file: picture(1, 2, 3), name: "a.png", tags: ["cat", "quite new"] });
    const facet = async () => (await engine.facets("tags", { limit: 100 })).find(({ value }) => value === "quite new")?.count;
    expect(await facet()).toBe(1);
    expect(await find(engine, "tag:\"quite new\"")).toEqual([id]);
    const browsed = await engine.search({ mode: "all", k: 3 });
    expect(browsed.results.map(({ row }) => row)).toEqual([24, 0, 1]);
    expect(browsed.total).toBe(25);
    const [info] = await engine.rows([24]);
    expect(info).toMatchObject({ id, local: true, width: 640, height: 480, thumbnail: { offset: 0, length: 3 } });
    expect(await engine.rowOf(id)).toBe(24);
    expect((await engine.document(24)).fields["tags"]).toEqual(["cat", "quite new"]);
    const excluded = await find(engine, "-tag:cat");
    expect(excluded).not.toContain(id);
  });

  it("can be changed, removed and restored, with effect on every search", async () => {
    const { engine, additions } = await visit();
    const { id } = await additions.add({ file: picture(5, 5, 5), name: "x.png", caption: "Lantern" });
    await additions.edit(id, { caption: "Windmill at dusk", tags: ["b", "b", " "] });
    expect(await find(engine, "lantern")).toEqual([]);
    expect(await find(engine, "windmill")).toEqual([id]);
    expect(additions.current.list[0]).toMatchObject({ caption: "Windmill at dusk", tags: ["b"] });
    await additions.remove([id]);
    expect(await find(engine, "windmill")).toEqual([]);
    expect(await engine.rowOf(id)).toBeNull();
    expect((await engine.search({ mode: "all", k: 1 })).total).toBe(24);
    await additions.restore([id]);
    expect(await find(engine, "windmill")).toEqual([id]);
    await expect(additions.edit("0".repeat(16), { caption: "", tags: [] })).rejects.toThrow("no longer on this device");
  });

  it("is recognised when it is added again, or is already in the collection", async () => {
    const { engine, additions } = await visit();
    const first = await additions.add({ file: picture(7), name: "x.png" });
    expect(await additions.add({ file: picture(7), name: "other.png" })).toEqual({ kind: "known", id: first.id, where: "device" });
    expect(additions.current.list).toHaveLength(1);
    expect(await engine.rowOf(first.id)).toBe(24);
  });

  it("is visible in another tab immediately, and in later visits", async () => {
    const one = await visit();
    const two = await visit();
    const heard: AdditionsState[] = [];
    two.additions.onChange = (state) => { heard.push(state); };
    const { id } = await one.additions.add({ file: picture(8), name: "x.png", caption: "Umbrella" });
    await expect.poll(() => heard.at(-1)?.count).toBe(1);
    expect(await find(two.engine, "umbrella")).toEqual([id]);
    const later = await visit();
    expect(await find(later.engine, "umbrella")).toEqual([id]);
    expect(new Uint8Array(await (await later.additions.original(id)).arrayBuffer())).toEqual(Uint8Array.of(8));
  });

  it("that was removed cannot be restored after ten minutes", async () => {
    const first = await visit();
    const { id } = await first.additions.add({ file: picture(9), name: "x.png" });
    await first.additions.remove([id]);
    clock += 11 * 60_000;
    const later = await visit();
    await expect(later.additions.restore([id])).rejects.toThrow("can no longer be restored");
  });

  it("is embedded again if the collection has another model", async () => {
    const first = await visit();
    const { id } = await first.additions.add({ file: picture(50, 60, 70), name: "x.png", caption: "Teapot" });
    const later = await visit({ model: (pack) => { pack.encoder_hash = "f".repeat(16); } });
    expect(await find(later.engine, "teapot")).toEqual([id]);
    await expect.poll(() => later.additions.current.list[0]?.embedded).toBe(true);
    expect((await later.engine.search({ like: [id], mode: "meaning", k: 1 })).results[0]!.row).toBe(24);
  });
});

describe("what goes wrong is reported, and nothing is stored in part", () => {
  it("without storage", async () => {
    for (const denied of [undefined, { open: () => { throw new DOMException("no", "SecurityError"); } }]) {
      globalThis.indexedDB = denied as unknown as IDBFactory;
      const { engine, additions } = await visit();
      expect(additions.current.unable).toContain("does not let the page keep pictures");
      await expect(additions.add({ file: picture(1), name: "x" })).rejects.toThrow("does not let the page keep pictures");
      expect((await engine.search({ text: "cat", mode: "words" })).results.length).toBeGreaterThan(0);
    }
  });

  it("with a device that does not answer: searches work without it", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "performance"] });
    try {
      globalThis.indexedDB = { open: () => ({ addEventListener: () => undefined }) } as unknown as IDBFactory;
      const engine = await Engine.open(BASE, { assets, fetch: serveTiny({ model: true }).fetch });
      openAdditions(engine, host());
      const found = engine.search({ text: "cat", mode: "words" });
      await vi.advanceTimersByTimeAsync(5000);
      expect((await found).results.length).toBeGreaterThan(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("without a secure context", async () => {
    const { additions } = await visit({ host: { sha256: undefined } });
    expect(additions.current.unable).toContain("https");
  });

  it("with a full device", async () => {
    const { engine, additions } = await visit();
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (this: IDBObjectStore, ...given: Parameters<typeof put>) {
      if (this.name === "pictures") throw new DOMException("full", "QuotaExceededError");
      return put.apply(this, given);
    };
    try {
      await expect(additions.add({ file: picture(1), name: "x.png", caption: "Anchor" })).rejects.toThrow("out of storage space");
    } finally {
      IDBObjectStore.prototype.put = put;
    }
    expect(await find(engine, "anchor")).toEqual([]);
    const database = await new Promise<IDBDatabase>((resolve) => {
      const request = factory.open("imagedb-additions");
      request.onsuccess = () => { resolve(request.result); };
    });
    const count = await new Promise((resolve) => {
      const request = database.transaction("originals").objectStore("originals").count();
      request.onsuccess = () => { resolve(request.result); };
    });
    expect(count).toBe(0);
    expect(await additions.add({ file: picture(1), name: "x.png" })).toMatchObject({ kind: "added" });
  });

  it("with a file that is not a picture, an empty one, or one over the limit", async () => {
    const { additions } = await visit();
    await expect(additions.add({ file: picture(255, 0, 255), name: "x" })).rejects.toThrow("cannot read the picture");
    await expect(additions.add({ file: new Blob([]), name: "x" })).rejects.toThrow("empty");
    const large = Object.defineProperty(picture(1), "size", { value: MAX_PICTURE_BYTES + 1 });
    await expect(additions.add({ file: large, name: "x" })).rejects.toThrow("This file is too large. The limit is 100 MB.");
    expect(additions.current.list).toEqual([]);
  });
});

describe("a collection that is published again", () => {
  /** Another build, in which row 3 is the image of this id. */
  function republished(id: string) {
    return (manifest: Manifest, files: Files) => {
      manifest.collection.hash = "b".repeat(64);
      manifest.ids = idFiles(files, expected.ids.with(3, id));
    };
  }

  it("keeps the additions, deletes those that are published now, and reports it", async () => {
    const first = await visit();
    const stays = await first.additions.add({ file: picture(1), name: "stays.png", caption: "Stays" });
    const goes = await first.additions.add({ file: picture(2), name: "goes.png", caption: "Goes" });
    const edited = await first.additions.add({ file: picture(3), name: "edited.png", caption: "Edited" });
    await first.additions.export();
    await first.additions.edit(edited.id, { caption: "Edited since", tags: [] });

    const second = await visit({ change: republished(goes.id) });
    expect(second.additions.current.retired).toEqual(["goes.png"]);
    expect(second.additions.current.list.map(({ id }) => id)).toEqual([edited.id, stays.id]);
    expect(await second.engine.rowOf(goes.id)).toBe(3);
    expect(await find(second.engine, "stays")).toEqual([stays.id]);

    // A copy that was changed after the export is not deleted, but its picture is not shown twice.
    const third = await visit({ change: republished(edited.id) });
    expect(third.additions.current.retired).toEqual([]);
    expect(third.additions.current.list.map(({ id, published }) => [id, published])).toEqual([[edited.id, true], [stays.id, false]]);
    expect(third.additions.current.count).toBe(1);
    expect(await find(third.engine, "since")).toEqual([]);
    expect(await third.additions.add({ file: picture(3), name: "y.png" })).toEqual({ kind: "known", id: edited.id, where: "collection" });
  });

  it("does not share additions with another collection at the same address", async () => {
    const first = await visit();
    await first.additions.add({ file: picture(1), name: "x.png" });
    const change = (manifest: Manifest, files: Files) => {
      manifest.collection.hash = "c".repeat(64);
      manifest.collection.title = "Another";
      manifest.ids = idFiles(files, expected.ids.map((_, row) => `07${row.toString(16).padStart(14, "0")}`));
    };
    expect((await visit({ change })).additions.current.list).toEqual([]);
    expect((await visit()).additions.current.list).toHaveLength(1);
  });
});

describe("lineage", () => {
  const ids = (...list: string[]): Pick<Seen, "rowOf" | "sampleIds"> => ({
    rowOf: (id) => Promise.resolve(list.includes(id) ? list.indexOf(id) : null), sampleIds: (most) => Promise.resolve(list.slice(0, most)),
  });
  const seen = (change: Partial<Seen> = {}): Seen => ({ address: "https://a.example/x/", title: "Cats", hash: "1", ...ids("a", "b", "c"), ...change });

  it("continues with the same hash, or at the same address with a shared image or the same title", async () => {
    const known = [await lineageOf("k", seen())];
    for (const change of [
      {}, { address: "https://a.example/moved/" }, { hash: "2", title: "Felines", ...ids("z", "c") }, { hash: "2", ...ids("z") },
    ]) expect((await continued(known, seen(change)))?.key).toBe("k");
  });

  it("is new for another collection", async () => {
    const known = [await lineageOf("k", seen())];
    expect(await continued(known, seen({ hash: "2", title: "Dogs", ...ids("z") }))).toBeNull();
    expect(await continued(known, seen({ hash: "2", address: "https://a.example/y/" }))).toBeNull();
  });
});

describe("a bundle", () => {
  it("contains the additions, and can be imported on another device", async () => {
    const one = await visit();
    const first = await one.additions.add({ file: picture(20, 30, 40), name: "Grünes Boot.png", caption: "A boat", tags: ["sea", "grün"] });
    await one.additions.add({ file: picture(21), name: "../../etc/passwd" });
    const file = await one.additions.export();
    const { index, picture: content } = await readBundle(file, sha256);
    expect(index).toMatchObject({ format: "imagedb-bundle", version: 1, model: { dim: 16 }, collection: { title: "Tiny & <golden> collection" } });
    expect(index.fields.map(({ name, type }) => [name, type])).toEqual([["title", "text"], ["tags", "tags"]]);
    expect(index.pictures[0]).toMatchObject({ name: "Grünes Boot.png", fields: { title: "A boat", tags: ["sea", "grün"] }, width: 640 });
    expect(index.pictures.every(({ file }) => /^pictures\/[0-9a-f]{64}\.png$/.test(file))).toBe(true);
    expect(await content(index.pictures[0]!)).toEqual(Uint8Array.of(20, 30, 40));
    expect(decodeEmbedding(index.pictures[0]!.embedding!)).toHaveLength(16);

    globalThis.indexedDB = new IDBFactory();
    const two = await visit();
    expect(await two.additions.import(file)).toEqual({ added: 2, known: 0 });
    expect(await two.additions.import(file)).toEqual({ added: 0, known: 2 });
    expect(await find(two.engine, "boat")).toEqual([first.id]);
  });

  it("from the golden files is read as Python wrote it", async () => {
    const { index, picture: content } = await readBundle(new Blob([bytes(golden, "bundle-tiny.zip")]), sha256);
    const expected = json<{ names: string[]; first: Record<string, unknown>; embedding: number[] }>(golden, "bundle-tiny.json");
    expect(index.pictures.map(({ name }) => name)).toEqual(expected.names);
    expect(index.pictures[0]!.fields).toEqual(expected.first);
    expect([...decodeEmbedding(index.pictures[0]!.embedding!)!]).toEqual(expected.embedding);
    expect(index.pictures.length).toBeGreaterThan(1);
    for (const one of index.pictures) expect((await content(one)).length).toBe(one.bytes);
  });

  it("that is hostile is refused", async () => {
    const good = bytes(golden, "bundle-tiny.zip");
    const { unzipSync, zipSync, strToU8, strFromU8 } = await import("fflate");
    const files = unzipSync(good);
    const index = JSON.parse(strFromU8(files["bundle.json"]!)) as Record<string, never>;
    const made = (change: (index: Record<string, unknown>, files: Record<string, Uint8Array>) => void) => {
      const copy = structuredClone(index) as Record<string, unknown>;
      const all: Record<string, Uint8Array> = { ...files };
      change(copy, all);
      all["bundle.json"] = strToU8(JSON.stringify(copy));
      return new Blob([zipSync(all, { level: 0 }) as Uint8Array<ArrayBuffer>]);
    };
    const pictures = (copy: Record<string, unknown>) => copy["pictures"] as Record<string, unknown>[];
    await expect(readBundle(new Blob(["no zip"]), sha256)).rejects.toThrow("not a bundle, or it is damaged");
    await expect(readBundle(new Blob([good.slice(0, 300)]), sha256)).rejects.toThrow("not a bundle, or it is damaged");
    await expect(readBundle(made((copy) => { copy["version"] = 2; }), sha256)).rejects.toThrow("version 2");
    await expect(readBundle(made((_, all) => { all["../evil.sh"] = Uint8Array.of(1); }), sha256)).rejects.toThrow("does not belong");
    await expect(readBundle(made((copy) => { pictures(copy)[0]!["file"] = "../x.png"; }), sha256)).rejects.toThrow("pictures.file");
    await expect(readBundle(made((copy) => { pictures(copy)[0]!["fields"] = { title: ["x"] }; }), sha256)).rejects.toThrow("pictures.fields");
    await expect(readBundle(made((copy) => { pictures(copy)[0]!["embedding"] = "AAAA"; }), sha256)).rejects.toThrow("pictures.embedding");
    await expect(readBundle(made((copy) => { pictures(copy).pop(); }), sha256)).rejects.toThrow("pictures");
    const wrong = await readBundle(made((copy, all) => { all[pictures(copy)[0]!["file"] as string] = Uint8Array.of(1, 2); }), sha256);
    await expect(wrong.picture(wrong.index.pictures[0]!)).rejects.toThrow("damaged");
  });
});
