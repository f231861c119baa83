/** The service worker with simulated caches and network: what it keeps, deletes and refuses. */
import { createHash } from "node:crypto";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { ShellFile } from "../../web_assets/src/sw/policy";
import { tinyContent } from "./support/content";
import { ask, FakeCache, started, type Worker } from "./support/service-worker";
import { BASE, serve, type Server } from "./support/site";
import { writeSite, type Content } from "./support/writer";

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
    await worker.warm("all");
    expect(worker.kept("data")).toEqual(dataOf(old.files));

    const fresh = writeSite(edited(), layout);
    const changed = dataOf(fresh.files).filter((path) => !old.files.has(path));
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.length).toBeLessThan(6);
    server = serve(fresh.manifest, fresh.files);
    await ask(worker, "manifest.json", "no-cache");
    await worker.warm("all");
    expect(worker.kept("data")).toEqual(dataOf(fresh.files));
    expect(server.asked.filter((path) => path.startsWith("data/")).sort()).toEqual(changed);
  });

  it("is not fetched over a slow or metered connection, and files in use are kept", async () => {
    const site = writeSite(content, layout);
    const server = serve(site.manifest, site.files);
    const worker = await started((url, init) => (init?.cache === "only-if-cached" ? Promise.reject(new TypeError("not cached")) : server.fetch(url, init)));
    const data = new FakeCache();
    worker.caches.set(`imagedb ${new URL(BASE).pathname} data 2`, data);
    const used = [site.manifest.catalog.terms.first.path, site.manifest.rows.files.index.path];
    for (const path of [...used, "data/gone.0123456789abcdef.bin"]) await data.put(BASE + path, new Response(site.files.get(path) ?? "old"));
    await worker.warm("nothing");
    expect(worker.kept("data")).toEqual(used.sort());
    expect(server.asked).toEqual(["manifest.json"]);
  });

  it("stops when something else needs the line, and goes on later", async () => {
    const site = writeSite(content, layout);
    const server = serve(site.manifest, site.files);
    const worker: Worker = await started(async (url, init) => {
      const path = String(url).slice(BASE.length);
      if (path === site.manifest.vectors!.quantizer.path && !stopped) {
        stopped = true;
        await worker.cool();
      }
      init?.signal?.throwIfAborted();
      return await server.fetch(url, init);
    });
    let stopped = false;
    const [told] = await worker.warm("all");
    expect(told).toMatchObject({ complete: false });
    expect(told!.left).toBeGreaterThan(site.manifest.vectors!.quantizer.bytes);
    expect(worker.kept("data")).toContain(site.manifest.catalog.terms.first.path);
    expect(worker.kept("data")).not.toContain(site.manifest.vectors!.quantizer.path);
    // The files of thumbnails are not on this server.
    const { bytes } = site.manifest.thumbnails;
    expect(await worker.warm("all")).toEqual([{ complete: false, left: bytes, total: expect.any(Number) as number }]);
    expect(worker.kept("data")).toEqual(dataOf(site.files));
  });

  it("is not affected by a damaged index file in the cache", async () => {
    const site = writeSite(content, layout);
    const server = serve(site.manifest, site.files);
    const worker = await started(server.fetch);
    const { path } = site.manifest.rows.files.index;
    await worker.warm("all");
    const [, data] = [...worker.caches].find(([name]) => name.endsWith("data 2"))!;
    data.stored.set(BASE + path, new Response("damaged"));
    await worker.warm("little");
    expect(worker.kept("data")).not.toContain(path);
    await worker.warm("all");
    expect(worker.kept("data")).toEqual(dataOf(site.files));
  });
});

const sha256 = (text: string | Uint8Array) => createHash("sha256").update(text).digest("hex");
const named = (folder: string, text: string, suffix = "bin") => `${folder}${sha256(text).slice(0, 16)}.${suffix}`;

/** A network that gives the answers of a path in turn, then repeats the last one; `asked` lists path and cache mode. */
function network(answers: Record<string, (string | number | null)[]>) {
  const asked: string[] = [];
  const turn = new Map<string, number>();
  const fetch: typeof globalThis.fetch = (input, init) => {
    const path = (input instanceof Request ? input.url : String(input instanceof URL ? input.href : (input as { url?: string }).url ?? input)).slice(BASE.length);
    const mode = init?.cache ?? (input as { cache?: string }).cache ?? "default";
    asked.push(mode === "default" ? path : `${path} ${mode}`);
    const list = answers[path] ?? [404];
    const at = turn.get(path) ?? 0;
    turn.set(path, at + 1);
    const answer = list[Math.min(at, list.length - 1)]!;
    if (answer === null) return Promise.reject(new TypeError("offline"));
    return Promise.resolve(typeof answer === "number" ? new Response("", { status: answer }) : new Response(answer));
  };
  return { fetch, asked };
}

const shellOf = (texts: Record<string, string>): ShellFile[] => Object.entries(texts).map(([path, text]) => ({ path, bytes: text.length, sha256: sha256(text) }));

describe("data and pictures", () => {
  const text = "the whole file";
  const kinds = [named("data/rows.", text), named("model/tokens.", text), named("thumbs/", text, "webp"), named("views/", text, "webp")];

  it.each(kinds)("are kept only if their hash is that of their name: %s", async (path) => {
    const net = network({ [path]: ["damaged", "the whole fil", "<!doctype html>", text] });
    const worker = await started(net.fetch);
    for (const body of ["damaged", "the whole fil", "<!doctype html>", text, text]) {
      expect(await ask(worker, path)).toBe(body);
      expect([...worker.caches.values()].flatMap(({ stored }) => [...stored.keys()])).toHaveLength(body === text ? 1 : 0);
    }
    expect(net.asked).toHaveLength(4);
  }, 10_000);

  it.each(["reload", "no-cache"] as const)("are requested again with the cache mode %s, and damaged copies are replaced", async (mode) => {
    const path = kinds[0]!;
    const net = network({ [path]: [text, "damaged", text] });
    const worker = await started(net.fetch);
    expect(await ask(worker, path)).toBe(text);
    const [cache] = [...worker.caches.values()].filter(({ stored }) => stored.size);
    cache!.stored.set(BASE + path, new Response("rotten"));
    expect(await ask(worker, path)).toBe("rotten");
    expect(await ask(worker, path, mode)).toBe("damaged");
    expect(cache!.stored.size).toBe(0);
    expect(await ask(worker, path, mode)).toBe(text);
    expect(await ask(worker, path)).toBe(text);
    expect(net.asked.at(-1)).toBe(`${path} ${mode}`);
  });

  it("come from the cache if the network fails, even when a fresh copy was wanted", async () => {
    const path = kinds[0]!;
    const worker = await started(network({ [path]: [text, null] }).fetch);
    expect(await ask(worker, path)).toBe(text);
    expect(await ask(worker, path, "reload")).toBe(text);
  });

  it("that the page no longer wants are not errors of the service worker", async () => {
    const path = kinds[2]!;
    const gone = await started(() => Promise.reject(new DOMException("The page gave it up.", "AbortError")));
    await expect(ask(gone, path)).resolves.toBe("");
    // It was given up while it arrived: nothing is kept, and nothing is reported.
    const body = new ReadableStream({ start: (controller) => { controller.error(new DOMException("gone", "AbortError")); } });
    const late = await started(() => Promise.resolve(new Response(body)));
    await expect(ask(late, path)).rejects.toThrow("gone");
    expect(late.kept("thumbnail")).toEqual([]);
    const offline = await started(() => Promise.reject(new TypeError("no network")));
    await expect(ask(offline, path)).rejects.toThrow("no network");
  });

  it("that a host decodes are handed out and not kept", async () => {
    const path = kinds[0]!;
    const worker = await started(network({ [path]: ["decoded by the host"] }).fetch);
    expect(await ask(worker, path)).toBe("decoded by the host");
    expect(worker.kept("data")).toEqual([]);
  });
});

describe("the application", () => {
  const script = "assets/app.0123456789abcdef.js";
  const texts: Record<string, string> = { "index.html": '<!doctype html><div id="app"></div></html>', [script]: "let x = 1;" };
  const files = shellOf(texts);
  const served = (more: Record<string, (string | number | null)[]> = {}) =>
    network({ ...Object.fromEntries(Object.entries(texts).map(([path, text]) => [path, [text]])), ...more });

  it("is kept as the build made it", async () => {
    const worker = await started(served().fetch, files);
    await worker.dispatch("install");
    expect(worker.kept("shell")).toEqual(Object.keys(texts).sort());
  });

  it.each([["cut", "let x"], ["changed", "let x = 2;"], ["another page", "<!doctype html>"], ["empty", ""]])("is fetched past all caches if it arrives %s", async (_, damaged) => {
    const net = served({ [script]: [damaged, texts[script]!] });
    const worker = await started(net.fetch, files);
    await worker.dispatch("install");
    expect(worker.kept("shell")).toEqual(Object.keys(texts).sort());
    expect(net.asked).toContain(`${script} reload`);
    expect(await ask(worker, script)).toBe(texts[script]);
  });

  it("is not installed if a script stays damaged, and what was kept before stays", async () => {
    const caches = new Map([["other", new FakeCache()]]);
    const worker = await started(served({ [script]: ["let x"] }).fetch, files, caches);
    await expect(worker.dispatch("install")).rejects.toThrow("as it was built");
    expect(worker.kept("shell")).not.toContain(script);
    expect(caches.has("other")).toBe(true);
  });

  it("is handed out whole although it arrived damaged", async () => {
    const worker = await started(served({ [script]: ["let", texts[script]!] }).fetch, files);
    expect(await ask(worker, script)).toBe(texts[script]);
    expect(worker.kept("shell")).toEqual([script]);
  });

  it("is checked when it comes from the cache", async () => {
    const net = served();
    const worker = await started(net.fetch, files);
    await worker.dispatch("install");
    const [cache] = [...worker.caches.values()].filter(({ stored }) => stored.size);
    cache!.stored.set(BASE + script, new Response("rotten"));
    expect(await ask(worker, script)).toBe(texts[script]);
    expect(await cache!.stored.get(BASE + script)!.clone().text()).toBe(texts[script]);
  });

  it("works without being kept on a host that rewrites it", async () => {
    const net = served({ [script]: ["let y=1"] });
    const worker = await started(net.fetch, files);
    for (let visit = 0; visit < 3; visit++) expect(await ask(worker, script)).toBe("let y=1");
    expect(worker.kept("shell")).toEqual([]);
    expect(net.asked).toEqual([script, `${script} reload`, script, script]);
  });

  it("is kept without the page if the host adds to the page", async () => {
    const changed = texts["index.html"]!.replace("</html>", "<script src=analytics></script></html>");
    const worker = await started(served({ "index.html": [changed] }).fetch, files);
    const said = vi.spyOn(console, "warn").mockReturnValue();
    await worker.dispatch("install");
    expect(said).toHaveBeenCalled();
    expect(worker.kept("shell")).toEqual([script]);
  });

  it("takes files from an earlier version, if they are whole", async () => {
    for (const [text, again] of [[texts[script]!, false], ["rotten", true]] as const) {
      const old = new FakeCache();
      await old.put(BASE + script, new Response(text));
      const net = served();
      const worker = await started(net.fetch, files, new Map([[`imagedb ${new URL(BASE).pathname} shell old`, old]]));
      await worker.dispatch("install");
      expect(net.asked.includes(script)).toBe(again);
      expect(worker.kept(`shell 2 ${"1".repeat(16)}`)).toEqual(Object.keys(texts).sort());
    }
  });

  it("shows the installed page if the one that arrives is cut, and the new one if it is whole", async () => {
    const fresh = '<!doctype html><title>New</title><div id="app"></div></html>';
    const net = served({ "": ["<!doctype html><title>N", fresh, "<!doctype html>", "<!doctype html>", null, fresh] });
    const worker = await started(net.fetch, files);
    await worker.dispatch("install");
    expect(await ask(worker, "", "default", "navigate")).toBe(fresh);
    expect(await ask(worker, "", "default", "navigate")).toBe(texts["index.html"]);
    expect(await ask(worker, "", "default", "navigate")).toBe(texts["index.html"]);
    expect(await ask(worker, "", "default", "navigate")).toBe(fresh);
  });

  it("drops the caches of earlier workers, which may hold damaged files, and no others", async () => {
    const prefix = `imagedb ${new URL(BASE).pathname} `;
    const caches = new Map([`${prefix}data`, `${prefix}thumbnails`, `${prefix}shell 00`, "imagedb /other/ data", "others"].map((name) => [name, new FakeCache()]));
    const worker = await started(served().fetch, files, caches);
    await worker.dispatch("install");
    await worker.dispatch("activate");
    expect([...caches.keys()].filter((name) => !name.includes(" 2"))).toEqual(["imagedb /other/ data", "others"]);
  });
});

describe("the manifest", () => {
  it("is kept only if it is whole, and a damaged one is fetched again", async () => {
    const site = writeSite(content, layout);
    const text = await (await serve(site.manifest, site.files).fetch(`${BASE}manifest.json`)).text();
    const net = network({ "manifest.json": [text.slice(0, -9), text, "<!doctype html>", "<!doctype html>", text] });
    const worker = await started(net.fetch);
    expect(await ask(worker, "manifest.json", "no-cache")).toBe(text);
    expect(net.asked).toEqual(["manifest.json no-cache", "manifest.json reload"]);
    expect(worker.kept("mutable")).toEqual(["manifest.json"]);
    expect(await ask(worker, "manifest.json", "no-cache")).toBe(text);
    expect(await ask(worker, "manifest.json", "no-cache")).toBe(text);
  });
});
