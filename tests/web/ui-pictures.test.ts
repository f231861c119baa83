/** Pictures as queries, without a browser: what is accepted, named, kept, embedded, and what is refused. */
import { describe, expect, it, vi } from "vitest";

import { drawnSize } from "../../web_assets/src/worker/decode";
import { MAX_PICTURE_BYTES } from "../../web_assets/src/base/limits";
import { hashOf, kindOf, refusal, sizeOf, undecodable } from "../../web_assets/src/ui/pictures/inspect";
import { carriesFiles, filesFrom } from "../../web_assets/src/ui/pictures/intake";
import { Pictures, type Means } from "../../web_assets/src/ui/pictures/pictures";
import { MAX_QUERY_PICTURES } from "../../web_assets/src/ui/state/view";
import { MemoryShelf, KEPT_PICTURES, surplus } from "../../web_assets/src/ui/pictures/shelf";
import { HOME, parseView, withPictures } from "../../web_assets/src/ui/state/view";
import { bytes, golden } from "./support/files";

const png = (width = 3, height = 2, tail = ""): Uint8Array<ArrayBuffer> => {
  const head = new Uint8Array(33);
  head.set([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  new DataView(head.buffer).setUint32(16, width);
  new DataView(head.buffer).setUint32(20, height);
  return new Uint8Array([...head, ...new TextEncoder().encode(tail)]);
};
const file = (content: Uint8Array<ArrayBuffer> | string, name = "a.png", type = "image/png") => new File([content], name, { type });
const text = (content: string) => new TextEncoder().encode(content);

describe("the type of a file", () => {
  it("is detected by its first bytes, not by its name", () => {
    expect(kindOf(png())).toBe("png");
    expect(kindOf(new Uint8Array([0xff, 0xd8, 0xff, 0xe0]))).toBe("jpeg");
    expect(kindOf(text("GIF89a..."))).toBe("gif");
    expect(kindOf(text("RIFF....WEBPVP8 "))).toBe("webp");
    expect(kindOf(text("....ftypheic....mif1"))).toBe("heic");
    expect(kindOf(text("....ftypavif....mif1miaf"))).toBe("avif");
    expect(kindOf(text("....ftypmp42"))).toBe("unknown");
    expect(kindOf(text('\ufeff<?xml version="1.0"?><svg xmlns="x">'))).toBe("svg");
    expect(kindOf(text("<html><body>svg"))).toBe("unknown");
    expect(kindOf(new Uint8Array())).toBe("unknown");
  });

  it("comes with the size given in its header", () => {
    expect(sizeOf(png(4000, 3000), "png")).toEqual({ width: 4000, height: 3000 });
    const jpeg = new Uint8Array([0xff, 0xd8, 0xff, 0xe1, 0, 6, 1, 2, 3, 4, 0xff, 0xff, 0xc2, 0, 11, 8, 0x0b, 0xb8, 0x0f, 0xa0, 3]);
    expect(sizeOf(jpeg, "jpeg")).toEqual({ width: 4000, height: 3000 });
    expect(sizeOf(jpeg.subarray(0, 12), "jpeg")).toBeNull();
    const vp8x = new Uint8Array([...text("RIFF....WEBPVP8X"), 10, 0, 0, 0, 0, 0, 0, 0, 0xff, 0x0f, 0, 0x9f, 0x01, 0]);
    expect(sizeOf(vp8x, "webp")).toEqual({ width: 4096, height: 416 });
  });

  it("is detected for every picture of the golden pack's tests", () => {
    const head = bytes(golden, "..", "..", "docs", "screenshot.webp");
    expect(kindOf(head)).toBe("webp");
    expect(sizeOf(head, "webp")!.width).toBeGreaterThan(500);
  });

  it("gives a clear message if it cannot be used in a search", () => {
    expect(refusal(10, png())).toBeNull();
    expect(refusal(0, new Uint8Array())).toContain("empty");
    expect(refusal(10, text("hello"))).toBe("This is not a picture.");
    expect(refusal(MAX_PICTURE_BYTES + 1, png())).toContain("100 MB");
    expect(refusal(10, png(60_000, 60_000))).toContain("60,000 × 60,000");
    expect(undecodable("heic")).toContain("HEIC");
  });

  it("does not matter for its name, which depends on its content", async () => {
    expect(await hashOf(text("a"))).toBe("ca978112ca1bbdca");
    vi.stubGlobal("crypto", {});
    const [one, other] = [await hashOf(text("a")), await hashOf(text("b"))];
    vi.unstubAllGlobals();
    expect(one).toMatch(/^[0-9a-f]{16}$/);
    expect(one).not.toBe(other);
  });
});

describe("a drop or paste", () => {
  const transfer = (files: File[], items: File[] = [], types = ["Files"]) => ({
    files, types, items: items.map((item) => ({ kind: "file", getAsFile: () => item })),
  }) as unknown as DataTransfer;

  it("gives its files", () => {
    const [one, other] = [file(png()), file("x", "a.txt", "text/plain")];
    expect(filesFrom(transfer([one, other]))).toEqual([one, other]);
    expect(filesFrom(transfer([], [one]))).toEqual([one]);
    expect(filesFrom(null)).toEqual([]);
    expect(carriesFiles(transfer([]))).toBe(true);
    expect(carriesFiles(transfer([], [], ["text/plain"]))).toBe(false);
  });
});

describe("the size at which a picture is drawn", () => {
  it("is its own, or reduced so that the shorter side is just enough", () => {
    expect(drawnSize(800, 600)).toEqual({ width: 800, height: 600 });
    expect(drawnSize(6000, 4000)).toEqual({ width: 1536, height: 1024 });
    expect(drawnSize(20_000, 300)).toEqual({ width: 20_000, height: 300 });
  });
});

function means(changes: Partial<Means> = {}) {
  const embed = vi.fn((given: Blob) => Promise.resolve(Float32Array.of(given.size, 0)));
  const shelf = new MemoryShelf();
  let time = 0;
  const all: Means = {
    shelf, embed, model: () => "model-a", rasterise: () => Promise.resolve(new Blob(["drawn"])), now: () => ++time,
    address: () => "blob:x", ...changes,
  };
  return { embed, shelf, pictures: new Pictures(all), all };
}

describe("pictures of a query", () => {
  it("are embedded once each, one after another, with their weights", async () => {
    let running = 0;
    const { pictures } = means({
      embed: async (given) => {
        expect(++running).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 2));
        running--;
        return Float32Array.of(given.size);
      },
    });
    const [a, b] = await pictures.add([file(png(1, 1)), file(png(2, 2, "longer"))]);
    const found = await pictures.embeddings([{ hash: b!, weight: -0.5 }, { hash: a!, weight: 2 }]);
    expect(found.map(({ embedding, weight }) => [embedding[0], weight])).toEqual([[39, -0.5], [33, 2]]);
    expect(pictures.complete([{ hash: a!, weight: 1 }])).toBe(true);
  });

  it("are the same picture if they have the same content", async () => {
    const { pictures, embed } = means();
    const hashes = await pictures.add([file(png(), "one.png"), file(png(), "two.png")]);
    expect(hashes).toHaveLength(1);
    await pictures.embeddings([{ hash: hashes[0]!, weight: 1 }]);
    await pictures.add([file(png(), "three.png")]);
    await pictures.embeddings([{ hash: hashes[0]!, weight: 1 }]);
    expect(embed).toHaveBeenCalledTimes(1);
  });

  it("do not include files that are not pictures, and report why", async () => {
    const { pictures, embed } = means();
    const hashes = await pictures.add([file("hello", "notes.txt", "image/png"), file(png())]);
    expect(hashes).toHaveLength(1);
    expect(pictures.refused).toMatchObject([{ name: "notes.txt", message: "This is not a picture." }]);
    pictures.dismiss();
    expect(pictures.refused).toEqual([]);
    await pictures.embeddings([{ hash: hashes[0]!, weight: 1 }]);
    expect(embed).toHaveBeenCalledTimes(1);
  });

  it("are restored from the device without running the model again", async () => {
    const first = means();
    const [hash] = await first.pictures.add([file(png(), "kept.png")]);
    await first.pictures.embeddings([{ hash: hash!, weight: 1 }]);
    await expect.poll(async () => (await first.shelf.get(hash!))?.embeddings["model-a"]).toBeDefined();
    const later = means({ shelf: first.shelf });
    const found = await later.pictures.embeddings([{ hash: hash!, weight: 1 }]);
    expect(found[0]?.embedding[0]).toBe(33);
    expect(later.embed).not.toHaveBeenCalled();
    expect(later.pictures.get(hash!)).toMatchObject({ name: "kept.png", state: "ready", url: "blob:x" });
    const otherModel = means({ shelf: first.shelf, model: () => "model-b" });
    await otherModel.pictures.embeddings([{ hash: hash!, weight: 1 }]);
    expect(otherModel.embed).toHaveBeenCalledTimes(1);
  });

  it("are stored before they are ready, so that a page loaded again has them", async () => {
    let store = (): void => undefined;
    const shelf = new MemoryShelf();
    const { pictures } = means({ shelf: Object.assign(shelf, { put: () => new Promise<void>((resolve) => { store = resolve; }) }) });
    const [hash] = await pictures.add([file(png())]);
    await expect.poll(() => pictures.get(hash!)?.state).toBe("embedding");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(pictures.complete([{ hash: hash!, weight: 1 }])).toBe(false);
    store();
    await expect.poll(() => pictures.complete([{ hash: hash!, weight: 1 }])).toBe(true);
  });

  it("that only a link names are missing until they are added again", async () => {
    const { pictures } = means();
    const hash = await hashOf(png());
    expect(await pictures.embeddings([{ hash, weight: 1 }])).toEqual([]);
    expect(pictures.get(hash)).toMatchObject({ state: "missing", retryable: false });
    expect(pictures.complete([{ hash, weight: 1 }])).toBe(false);
    expect(await pictures.add([file(png())])).toEqual([hash]);
    expect(await pictures.embeddings([{ hash, weight: 1 }])).toHaveLength(1);
  });

  it("can be tried again if the model failed to load, but not if they cannot be read", async () => {
    const embed = vi.fn<Means["embed"]>().mockRejectedValueOnce(new Error("The network is down.")).mockResolvedValue(Float32Array.of(1));
    const { pictures } = means({ embed });
    const [hash] = await pictures.add([file(png())]);
    expect(await pictures.embeddings([{ hash: hash!, weight: 1 }])).toEqual([]);
    expect(pictures.get(hash!)).toMatchObject({ state: "failed", retryable: true });
    expect(pictures.get(hash!)?.message).toContain("The network is down.");
    pictures.retry(hash!);
    expect(await pictures.embeddings([{ hash: hash!, weight: 1 }])).toHaveLength(1);

    const broken = Object.assign(new Error("no"), { name: "PictureError" });
    const other = means({ embed: () => Promise.reject(broken) });
    const [bad] = await other.pictures.add([file(png())]);
    await other.pictures.embeddings([{ hash: bad!, weight: 1 }]);
    expect(other.pictures.get(bad!)).toMatchObject({ state: "failed", retryable: false });
  });

  it("that are drawings (SVG) are drawn first", async () => {
    const { pictures, embed } = means();
    const [hash] = await pictures.add([file("<svg xmlns='x'/>", "a.svg", "image/svg+xml")]);
    await pictures.embeddings([{ hash: hash!, weight: 1 }]);
    expect(await (embed.mock.calls[0]![0] as Blob).text()).toBe("drawn");
    expect(await pictures.file(hash!)?.text()).toBe("<svg xmlns='x'/>");
  });

  it("can be deleted from the device", async () => {
    const { pictures, shelf } = means();
    const [hash] = await pictures.add([file(png())]);
    await pictures.embeddings([{ hash: hash!, weight: 1 }]);
    await expect.poll(() => shelf.count()).toBe(1);
    await pictures.forget();
    expect(await shelf.count()).toBe(0);
  });
});

describe("the shelf", () => {
  it("keeps the latest, up to a number and a size", () => {
    const many = Array.from({ length: KEPT_PICTURES + 2 }, (_, i) => ({ hash: String(i), used: i, bytes: 1 }));
    expect(surplus(many)).toEqual(["1", "0"]);
    const large = [{ hash: "new", used: 2, bytes: 300_000_000 }, { hash: "old", used: 1, bytes: 1 }];
    expect(surplus(large)).toEqual(["old"]);
  });
});

describe("a view", () => {
  const hash = (i: number) => i.toString(16).padStart(16, "0");

  it("adds each picture once, and changes to a mode that uses pictures", () => {
    const view = withPictures({ ...HOME, mode: "words", image: hash(9), pictures: [{ hash: hash(1), weight: -2 }] }, [hash(1), hash(2)]);
    expect(view).toMatchObject({ mode: "all", image: null, pictures: [{ hash: hash(1), weight: -2 }, { hash: hash(2), weight: 1 }] });
    expect(withPictures(HOME, Array.from({ length: 30 }, (_, i) => hash(i))).pictures).toHaveLength(MAX_QUERY_PICTURES);
  });

  it("ignores invalid pictures", () => {
    expect(parseView("", `#picture=${hash(1)},-${hash(2)},0*${hash(3)},x,2.5*${hash(4)},${hash(1)}`).pictures)
      .toEqual([{ hash: hash(1), weight: 1 }, { hash: hash(2), weight: -1 }, { hash: hash(4), weight: 2.5 }]);
  });
});
