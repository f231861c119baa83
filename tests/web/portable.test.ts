/** Files of a page from the disk: each comes from a script of its own, and is checked like any other. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { LoadError } from "../../web_assets/src/format/errors";
import { loadFile } from "../../web_assets/src/format/load";
import { fetchOver } from "../../web_assets/src/portable/fetch";
import { ScriptFiles } from "../../web_assets/src/portable/files";
import type { Host } from "../../web_assets/src/portable/host";
import { Thumbnails } from "../../web_assets/src/ui/thumbnails";

const base = "file:///media/My%20stick/%23%201/";
const encode = (text: string) => Buffer.from(text).toString("base64");

/** A page whose scripts are functions. */
function page(scripts: Record<string, (take: Host["take"]) => void>) {
  const run: string[] = [];
  const host: Host = {
    ready: Promise.resolve(), trusted: (address) => address, take: () => undefined,
    run: async (name) => {
      run.push(name);
      await Promise.resolve();
      const script = scripts[name];
      if (!script) throw new Error(`portable/${name} is missing.`);
      script(host.take);
    },
  };
  const files = new ScriptFiles(host);
  return { files, run, fetch: fetchOver(base, (path) => files.read(path)) };
}

function entry(path: string, content: string) {
  const bytes = Buffer.from(content);
  return { path, bytes: bytes.length, raw_bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

const fast = { retries: 0 };

describe("a page from the disk", () => {
  it("reads a file from its script, once for all who wait for it", async () => {
    const { fetch, run } = page({ "data/a.bin.js": (take) => { take("data/a.bin", encode("héllo")); } });
    const loads = await Promise.all([1, 2].map(() => loadFile(`${base}manifest.json`, entry("data/a.bin", "héllo"), { fetch })));
    for (const content of loads) expect(new TextDecoder().decode(content)).toBe("héllo");
    expect(run).toEqual(["data/a.bin.js"]);
    await loadFile(`${base}manifest.json`, entry("data/a.bin", "héllo"), { fetch });
    expect(run).toHaveLength(2);
  });

  it("checks length and hash as after any fetch", async () => {
    const { fetch } = page({ "data/a.bin.js": (take) => { take("data/a.bin", encode("hello")); } });
    await expect(loadFile(`${base}manifest.json`, entry("data/a.bin", "jello"), { fetch, ...fast })).rejects.toThrow(/SHA-256/);
    await expect(loadFile(`${base}manifest.json`, entry("data/a.bin", "hell"), { fetch, ...fast })).rejects.toThrow(LoadError);
  });

  it.each([
    ["is missing", {}, /portable\/data\/a\.bin\.js is missing/],
    ["holds another file", { "data/a.bin.js": (take: Host["take"]) => { take("data/b.bin", encode("hello")); } }, /a\.bin\.js is damaged/],
    ["holds nothing", { "data/a.bin.js": () => undefined }, /a\.bin\.js is damaged/],
    ["is cut", { "data/a.bin.js": (take: Host["take"]) => { take("data/a.bin", "aGVsbG8"); } }, /a\.bin\.js is damaged|SHA-256|bytes instead/],
    ["is no base64", { "data/a.bin.js": (take: Host["take"]) => { take("data/a.bin", "\u0000%%"); } }, /a\.bin\.js is damaged/],
  ])("says so if a script %s", async (_, scripts, message) => {
    const { fetch } = page(scripts);
    const failed = loadFile(`${base}manifest.json`, entry("data/a.bin", "hello!"), { fetch, ...fast });
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toMatchObject({ name: "LoadError", retryable: true });
  });

  it("asks again after a failure", async () => {
    let there = false;
    const { fetch } = page({ "data/a.bin.js": (take) => { if (there) take("data/a.bin", encode("hello")); } });
    await expect(loadFile(`${base}manifest.json`, entry("data/a.bin", "hello"), { fetch, ...fast })).rejects.toThrow(/damaged/);
    there = true;
    expect((await loadFile(`${base}manifest.json`, entry("data/a.bin", "hello"), { fetch })).length).toBe(5);
  });

  it("reads nothing outside the site, and stops when it is told to", async () => {
    const { fetch, run } = page({});
    await expect(fetch("file:///etc/passwd")).rejects.toThrow(/not a file of this site/);
    await expect(fetch(`${base}data/a.bin`, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    expect(run).toEqual([]);
  });

  it("shows single thumbnails by their address and cuts packs", async () => {
    const { fetch } = page({ "thumbs/p.bin.js": (take) => { take("thumbs/p.bin", encode("onetwo")); } });
    const thumbnails = new Thumbnails({ plain: true, fetch });
    const single = { url: `${base}thumbs/a.webp`, offset: 0, length: 9 };
    expect(thumbnails.at(single)).toBe(single.url);
    await expect(thumbnails.borrow(single).url).resolves.toBe(single.url);
    const loan = thumbnails.borrow({ url: `${base}thumbs/p.bin`, offset: 3, length: 3 });
    await expect(loan.url).resolves.toMatch(/^blob:/);
  });
});
