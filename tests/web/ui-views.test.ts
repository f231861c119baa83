/** The large pictures: fetched once, checked, given up when nobody looks any more. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";

import { Views } from "../../web_assets/src/ui/detail/views";
import { FailedPicture } from "../../web_assets/src/ui/picture-file";

const content = (n: number): Uint8Array<ArrayBuffer> => new Uint8Array(8).fill(n);
const addressOf = (bytes: Uint8Array): string => `https://x.org/views/${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}.webp`;
const files = new Map(Array.from({ length: 20 }, (_, n) => [addressOf(content(n)), content(n)]));
const url = (n: number): string => addressOf(content(n));

function network(change: (bytes: Uint8Array<ArrayBuffer>, cache: string) => Uint8Array<ArrayBuffer> | null = (bytes) => bytes) {
  const asked: string[] = [];
  const fetch = ((address: string, init: RequestInit = {}) => new Promise<Response>((resolve, reject) => {
    const cache = init.cache ?? "default";
    asked.push(cache);
    init.signal?.addEventListener("abort", () => { reject(init.signal!.reason as Error); });
    const body = change(files.get(address)!, cache);
    if (body) resolve(new Response(body, { headers: { "content-type": "image/webp" } }));
  })) as typeof globalThis.fetch;
  return { views: new Views({ fetch }), asked };
}

describe("a view", () => {
  it("is fetched once for all who show it", async () => {
    const { views, asked } = network();
    const [one, two] = [views.borrow(url(1)), views.borrow(url(1))];
    expect((await one.blob).type).toBe("image/webp");
    expect(await two.blob).toBe(await one.blob);
    one.release();
    one.release();
    expect(new Uint8Array(await (await views.borrow(url(1)).blob).arrayBuffer())).toEqual(content(1));
    expect(asked).toHaveLength(1);
  });

  it("that arrives damaged is fetched past every cache, and refused if it stays so", async () => {
    let mended = true;
    const { views, asked } = network((bytes, cache) => (cache === "reload" && mended ? bytes : bytes.map((byte) => byte ^ 1)));
    await views.borrow(url(2)).blob;
    expect(asked).toEqual(["default", "reload"]);
    mended = false;
    await expect(views.borrow(url(3)).blob).rejects.toBeInstanceOf(FailedPicture);
    mended = true;
    await views.borrow(url(3)).blob;
    expect(asked.at(-1)).toBe("reload");
    views.distrust(url(2));
    await views.borrow(url(2)).blob;
    expect(asked.slice(-2)).toEqual(["reload", "reload"]);
  });

  it("is given up when nobody waits for it", async () => {
    const { views, asked } = network(() => null);
    const loan = views.borrow(url(4));
    loan.release();
    await expect(loan.blob).rejects.toThrow();
    views.borrow(url(4)).blob.catch(() => undefined);
    expect(asked).toEqual(["default", "default"]);
  });

  it("is fetched in advance, and only a few stay", async () => {
    const { views, asked } = network();
    views.ahead([url(1), url(2)]);
    await views.borrow(url(1)).blob;
    expect(asked).toHaveLength(2);
    views.ahead([]);
    for (let n = 3; n < 15; n++) {
      const loan = views.borrow(url(n));
      await loan.blob;
      loan.release();
    }
    const before = asked.length;
    await views.borrow(url(2)).blob;
    await views.borrow(url(14)).blob;
    expect(asked).toHaveLength(before + 1);
  });
});
