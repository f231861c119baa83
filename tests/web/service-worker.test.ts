/** The service worker with simulated caches and network: what it keeps, deletes and refuses. */
import { createHash } from "node:crypto";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { ShellFile } from "../../web_assets/src/sw/policy";
import { tinyContent } from "./support/content";
import { BASE, serve, type Server } from "./support/site";
import { writeSite, type Content } from "./support/writer";

class FakeCache {
  readonly stored = new Map<string, Response>();

  match(key: string | Request): Promise<Response | undefined> {
    return Promise.resolve(this.stored.get(typeof key === "string" ? key : key.url)?.clone());
  }

  put(key: string, response: Response): Promise<void> {
    this.stored.set(key, response);
    return Promise.resolve();
  }

  keys(): Promise<{ url: string }[]> {
    return Promise.resolve([...this.stored.keys()].map((url) => ({ url })));
  }

  delete(key: string | { url: string }): Promise<boolean> {
    return Promise.resolve(this.stored.delete(typeof key === "string" ? key : key.url));
  }
}

type Handler = (event: Record<string, unknown>) => void;

/** A worker that was just started, with the caches of earlier workers. */
async function started(fetch: typeof globalThis.fetch, files: ShellFile[] = [], caches = new Map<string, FakeCache>()) {
  const handlers = new Map<string, Handler>();
  vi.resetModules();
  vi.stubGlobal("fetch", fetch);
  vi.stubGlobal("caches", {
    open: (name: string) => {
      const cache = caches.get(name) ?? new FakeCache();
      caches.set(name, cache);
      return Promise.resolve(cache);
    },
    match: async (key: string) => {
      for (const cache of caches.values()) {
        const found = await cache.match(key);
        if (found) return found;
      }
      return undefined;
    },
    keys: () => Promise.resolve([...caches.keys()]),
    delete: (name: string) => Promise.resolve(caches.delete(name)),
  });
  vi.stubGlobal("self", {
    registration: { scope: BASE }, IMAGEDB_SHELL: { version: "1".repeat(16), files }, clients: { claim: () => Promise.resolve() },
    skipWaiting: () => Promise.resolve(), addEventListener: (type: string, handler: Handler) => { handlers.set(type, handler); },
  });
  await import("../../web_assets/src/sw/sw");
  const dispatch = async (type: string, event: Record<string, unknown> = {}): Promise<unknown> => {
    let [waiting, answer]: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
    handlers.get(type)!({
      ...event, waitUntil: (work: Promise<unknown>) => { waiting = work; }, respondWith: (response: Promise<unknown>) => { answer = response; },
    });
    const result = await answer;
    await waiting;
    return result;
  };
  const kept = (name: string) => [...[...caches].find(([key]) => key.includes(name))?.[1].stored.keys() ?? []].map((url) => url.slice(BASE.length)).sort();
  return { dispatch, kept, caches, warm: (generous: boolean) => dispatch("message", { data: { type: "warm", generous }, source: { postMessage: () => undefined } }) };
}

afterEach(() => { vi.unstubAllGlobals(); });

let content: Content;
beforeAll(async () => { content = await tinyContent(); });
const layout = { rows: 4, documents: 4, vectors: 4, digits: 1, fanout: 3 };
const dataOf = (files: Map<string, unknown>) => [...files.keys()].filter((path) => !path.startsWith("data/program.")).sort();

describe("what is kept for offline use", () => {
  /** Another build, in which one picture has another title. */
  function edited(): Content {
    return { ...content, documents: content.documents.with(9, { ...content.documents[9]!, fields: { title: "Edited" } }) };
  }

  it("is everything of a small collection, and after a new build what the new build needs", async () => {
    const old = writeSite(content, layout);
    let server: Server = serve(old.manifest, old.files);
    const worker = await started((...asked) => server.fetch(...asked));
    await worker.warm(true);
    expect(worker.kept("data")).toEqual(dataOf(old.files));

    const fresh = writeSite(edited(), layout);
    const changed = dataOf(fresh.files).filter((path) => !old.files.has(path));
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.length).toBeLessThan(6);
    server = serve(fresh.manifest, fresh.files);
    await worker.warm(true);
    expect(worker.kept("data")).toEqual(dataOf(fresh.files));
    expect(server.asked.filter((path) => path.startsWith("data/")).sort()).toEqual(changed);
  });

  it("is not fetched over a slow or metered connection, and files in use are kept", async () => {
    const site = writeSite(content, layout);
    const server = serve(site.manifest, site.files);
    const worker = await started((url, init) => (init?.cache === "only-if-cached" ? Promise.reject(new TypeError("not cached")) : server.fetch(url, init)));
    const data = new FakeCache();
    worker.caches.set(`imagedb ${new URL(BASE).pathname} data`, data);
    const used = [site.manifest.catalog.file.path, site.manifest.rows.files.index.path];
    for (const path of [...used, "data/gone.0123456789abcdef.bin"]) await data.put(BASE + path, new Response(site.files.get(path) ?? "old"));
    await worker.warm(false);
    expect(worker.kept("data")).toEqual(used.sort());
    expect(server.asked).toEqual(["manifest.json"]);
  });

  it("is not affected by a damaged index file in the cache", async () => {
    const site = writeSite(content, layout);
    const server = serve(site.manifest, site.files);
    const worker = await started(server.fetch);
    const { path } = site.manifest.rows.files.index;
    await worker.warm(true);
    const [, data] = [...worker.caches].find(([name]) => name.endsWith("data"))!;
    data.stored.set(BASE + path, new Response("damaged"));
    await worker.warm(true);
    expect(worker.kept("data")).not.toContain(path);
    await worker.warm(true);
    expect(worker.kept("data")).toEqual(dataOf(site.files));
  });
});

describe("a file that arrived damaged", () => {
  it("is requested again by the page, and then replaced in the cache", async () => {
    const path = "data/rows.0123456789abcdef.bin";
    let body = "damaged";
    const worker = await started(() => {
      const response = new Response(body);
      Object.defineProperty(response, "clone", { value: () => Object.defineProperty(new Response(body), "type", { value: "basic" }) });
      return Promise.resolve(response);
    });
    const ask = async (cache: RequestCache) =>
      await ((await worker.dispatch("fetch", { request: { url: BASE + path, method: "GET", headers: new Headers(), mode: "cors", cache } })) as Response).text();
    expect(await ask("default")).toBe("damaged");
    body = "whole";
    expect(await ask("default")).toBe("damaged");
    expect(await ask("reload")).toBe("whole");
    expect(await ask("default")).toBe("whole");
  });
});

describe("the application", () => {
  const texts: Record<string, string> = { "index.html": "<!doctype html>", "assets/app.0123456789abcdef.js": "let x = 1;" };
  const files = Object.entries(texts).map(([path, text]) => ({ path, bytes: text.length, sha256: createHash("sha256").update(text).digest("hex") }));
  const network = (served: Record<string, string>): typeof fetch => (url) => Promise.resolve(new Response(served[String(url).slice(BASE.length)] ?? "", { status: 200 }));

  it("is kept as the build made it", async () => {
    const worker = await started(network(texts), files);
    await worker.dispatch("install");
    expect(worker.kept("shell")).toEqual(Object.keys(texts).sort());
  });

  it("is not kept if a file has other content", async () => {
    const worker = await started(network({ ...texts, "assets/app.0123456789abcdef.js": "let x = 2;" }), files);
    await expect(worker.dispatch("install")).rejects.toThrow("not the file that was announced");
  });

  it("may be rewritten by a host", async () => {
    const worker = await started(network({ ...texts, "index.html": "<!doctype html><script src=analytics>" }), files);
    await worker.dispatch("install");
    expect(worker.kept("shell")).toContain("index.html");
  });
});
