/** Keeping a whole collection on the device, in the service worker. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Manifest } from "../../web_assets/src/format";
import { golden, json } from "./support/files";
import { ask, FakeCache, started } from "./support/service-worker";
import { BASE, serveTiny, type Server } from "./support/site";

afterEach(() => { vi.unstubAllGlobals(); });

describe("a collection that a visitor asks to keep", () => {
  const thumbs = (server: Server): string[] => [...new Set(server.asked.filter((path) => path.startsWith("thumbs/")))].sort();

  it("has all its thumbnails, which still are there without a network and are not counted twice", async () => {
    const server = serveTiny();
    const worker = await started((...asked) => server.fetch(...asked));
    const before = (await worker.warm("nothing")).at(-1)!;
    expect(before.left).toBe(server.manifest.thumbnails.bytes);
    const after = (await worker.warm("all")).at(-1)!;
    expect(after).toEqual({ ...after, left: 0, total: before.total });
    expect(worker.kept("offline").length).toBeGreaterThan(10);
    expect(worker.kept("offline")).toEqual(thumbs(server));
    server.fetch = () => Promise.reject(new TypeError("no network"));
    const asked = server.asked.length;
    expect((await worker.warm("nothing")).at(-1)).toEqual(after);
    expect((await ask(worker, worker.kept("offline")[0]!)).length).toBeGreaterThan(10);
    expect(server.asked.slice(asked).filter((path) => path.startsWith("thumbs/"))).toEqual([]);
  });

  it("has the files of its map of meaning, which other visits do not store", async () => {
    const map = json<{ entry: NonNullable<Manifest["map"]>; files: Record<string, string> }>(golden, "map.json");
    const server = serveTiny({
      change: (manifest, files) => {
        manifest.map = map.entry;
        for (const [path, text] of Object.entries(map.files)) files.stored.set(path, Uint8Array.from(Buffer.from(text, "base64")));
      },
    });
    const worker = await started(server.fetch);
    const points = Object.keys(map.files).filter((path) => !path.includes("-index."));
    expect(points.length).toBeGreaterThan(2);
    await worker.warm("little");
    for (const path of points) expect(worker.kept("data")).not.toContain(path);
    await worker.warm("all");
    expect(worker.kept("data")).toEqual(expect.arrayContaining(points));
  });

  it("says what could not be stored, and stores it when it is asked again", async () => {
    const server = serveTiny();
    const worker = await started((...asked) => server.fetch(...asked));
    let broken = "";
    const real = server.fetch;
    server.fetch = (url, init) => {
      const path = String(url).slice(BASE.length);
      if (path.startsWith("thumbs/")) broken ||= path;
      return path === broken ? Promise.resolve(new Response("another file")) : real(url, init);
    };
    expect((await worker.warm("all")).at(-1)!.left).toBeGreaterThan(0);
    expect(worker.kept("offline")).not.toContain(broken);
    server.fetch = real;
    expect((await worker.warm("all")).at(-1)!.left).toBe(0);
    expect(worker.kept("offline")).toContain(broken);
  });

  it("can be checked: damaged files are deleted and counted", async () => {
    const server = serveTiny();
    const worker = await started(server.fetch);
    await worker.warm("all");
    const count = worker.kept("data").length + worker.kept("offline").length;
    expect(await worker.verify()).toEqual([{ type: "verified", whole: count, damaged: 0 }]);
    const [, pictures] = [...worker.caches].find(([name]) => name.includes("offline"))!;
    const damaged = worker.kept("offline")[1]!;
    pictures.stored.set(BASE + damaged, new Response("damaged"));
    expect(await worker.verify()).toEqual([{ type: "verified", whole: count - 1, damaged: 1 }]);
    expect(worker.kept("offline")).not.toContain(damaged);
    expect((await worker.warm("all")).at(-1)!.left).toBe(0);
    expect(worker.kept("offline")).toContain(damaged);
  });

  it("can be removed from the device", async () => {
    const worker = await started(serveTiny().fetch);
    await worker.warm("all");
    await worker.forget();
    expect([...worker.kept("data"), ...worker.kept("offline")]).toEqual([]);
  });

  it("is not said to be stored if the device has no room", async () => {
    const worker = await started(serveTiny().fetch);
    worker.caches.set(`imagedb ${new URL(BASE).pathname} offline 2`, Object.assign(new FakeCache(), { put: () => Promise.reject(new Error("full")) }));
    const told = (await worker.warm("all")).at(-1)!;
    expect(told.left).toBeGreaterThan(0);
  });
});
