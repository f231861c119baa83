/** Zooming: what part of a picture is shown, and the original that is loaded for it. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { loadOriginal } from "../../web_assets/src/ui/detail/deep-load";
import { clamp, FITTED, MAX_ZOOM, partOf, zoomAt, zoomTo, type Frame } from "../../web_assets/src/ui/detail/zoom";
import { isDeep } from "../../web_assets/src/ui/links";
import { FailedPicture } from "../../web_assets/src/ui/picture-file";

const frame: Frame = { width: 800, height: 600, pictureWidth: 800, pictureHeight: 400, most: 40 };

describe("the part of a picture that is shown", () => {
  it("is the whole picture and what is above and below it, when fitted", () => {
    expect(partOf(FITTED, frame)).toEqual({ x: 0, y: -0.125, width: 1, height: 0.75 });
  });

  it("is a quarter around the middle at four times the size", () => {
    expect(partOf({ scale: 4, x: 0, y: 0 }, frame)).toEqual({ x: 0.375, y: 0.25 - 0.09375, width: 0.25, height: 0.1875 });
  });

  it("leads back to the zoom", () => {
    fc.assert(fc.property(fc.double({ min: 1, max: 40, noNaN: true }), fc.double({ min: -3000, max: 3000, noNaN: true }), fc.double({ min: -3000, max: 3000, noNaN: true }), (scale, x, y) => {
      const back = zoomTo(partOf({ scale, x, y }, frame), frame);
      expect(back.scale).toBeCloseTo(scale, 6);
      expect(back.x).toBeCloseTo(x, 4);
      expect(back.y).toBeCloseTo(y, 4);
    }));
  });

  it("may be as small as the frame allows", () => {
    expect(zoomAt(FITTED, 1000, 0, 0, frame).scale).toBe(40);
    expect(clamp({ scale: 100, x: 0, y: 0 }, { width: 800, height: 600, pictureWidth: 800, pictureHeight: 400 }).scale).toBe(MAX_ZOOM);
  });
});

describe("an original", () => {
  const bytes = new Uint8Array(5000).fill(7);
  const url = `https://x.org/site/originals/${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}.jpg`;
  const load = (headers: Record<string, string>, body: Uint8Array<ArrayBuffer> = bytes, status = 200) => {
    const parts: (number | null)[] = [];
    const fetch = (() => Promise.resolve(new Response(body, { headers, status }))) as typeof globalThis.fetch;
    return { parts, blob: loadOriginal(url, { fetch, signal: new AbortController().signal, fresh: false, onPart: (part) => parts.push(part) }) };
  };

  it("says how far it has come, and has its media type", async () => {
    const { parts, blob } = load({ "content-length": "5000", "content-type": "image/jpeg" });
    expect((await blob).type).toBe("image/jpeg");
    expect((await blob).size).toBe(5000);
    expect([parts[0], parts.at(-1)]).toEqual([0, 1]);
  });

  it("does not guess how far it has come if the size is unknown or that of a packed answer", async () => {
    for (const headers of [{}, { "content-length": "90", "content-encoding": "gzip" }]) {
      const { parts, blob } = load(headers as Record<string, string>);
      await blob;
      expect(new Set(parts)).toEqual(new Set([null]));
    }
  });

  it("is refused if it is missing or damaged", async () => {
    await expect(load({}, bytes, 404).blob).rejects.toBeInstanceOf(FailedPicture);
    await expect(load({}, bytes.map((byte) => byte + 1)).blob).rejects.toBeInstanceOf(FailedPicture);
  });

  it("is zoomed into if it is a file of the site that browsers decode", () => {
    const base = "https://x.org/site/";
    expect(isDeep(url, base)).toBe(true);
    for (const other of [null, "https://x.org/site/originals/a.heic", "https://x.org/other/a.jpg", "https://y.org/site/a.jpg", "https://x.org/site/a.tif?a.jpg"]) {
      expect(isDeep(other, base), String(other)).toBe(false);
    }
  });
});
