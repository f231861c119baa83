/** Fetching files: hosts that decode, hosts that do not, networks that fail, bytes that are wrong. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { gunzip, loadFile, loadManifest, resolvePath, type FileEntry } from "../../web_assets/src/format";
import { bytes, golden, json } from "./support/files";

const BASE = "https://site.example/x/manifest.json";
const content = new TextEncoder().encode("some content, some content, some content ".repeat(500));
const packed = new Uint8Array(gzipSync(content));
const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const entry: FileEntry = { path: "data/a.bin", bytes: packed.length, raw_bytes: content.length, sha256: digest(packed) };
const plain: FileEntry = { path: "data/a.bin", bytes: content.length, raw_bytes: content.length, sha256: digest(content) };

type Answer = () => Response | Promise<Response>;

/** A `fetch` that gives the answers in turn, then repeats the last one, and records the requests. */
function network(...answers: Answer[]) {
  const asked: { url: string; init: RequestInit | undefined }[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    asked.push({ url: String(input), init });
    return await answers[Math.min(asked.length, answers.length) - 1]!();
  };
  return { fetch, asked, pause: () => 0 };
}

/** A body that arrives in pieces. */
function pieces(bytes: Uint8Array, size: number): Response {
  let at = 0;
  return new Response(new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  }));
}

describe("a file", () => {
  it("is decoded if the host did not decode it", async () => {
    expect(await loadFile(BASE, entry, network(() => new Response(packed)))).toEqual(content);
  });

  it("is used as it arrives if the host already decoded it", async () => {
    expect(await loadFile(BASE, entry, network(() => new Response(content)))).toEqual(content);
  });

  it("need not be compressed", async () => {
    expect(await loadFile(BASE, plain, network(() => new Response(content)))).toEqual(content);
  });

  it("may be empty", async () => {
    expect(await loadFile(BASE, { ...plain, bytes: 0, raw_bytes: 0, sha256: digest(new Uint8Array()) }, network(() => new Response(new Uint8Array())))).toHaveLength(0);
  });

  it("reports how many stored bytes have arrived, decoded by the host or not", async () => {
    for (const body of [packed, content]) {
      const seen: [number, number][] = [];
      await loadFile(BASE, entry, { ...network(() => pieces(body, 16)), onProgress: (loaded, total) => { seen.push([loaded, total]); } });
      expect(seen.length).toBeGreaterThan(2);
      seen.forEach(([loaded, total], i) => {
        expect(total).toBe(entry.bytes);
        expect(loaded).toBeGreaterThanOrEqual(seen[i - 1]?.[0] ?? 0);
      });
      expect(seen.at(-1)).toEqual([entry.bytes, entry.bytes]);
    }
  });

  it.each<[string, FileEntry, Uint8Array<ArrayBuffer>]>([
    ["other bytes of the same length", plain, content.map((byte, i) => (i === 7 ? byte ^ 1 : byte))],
    ["other compressed bytes of the same length", entry, packed.map((byte, i) => (i === packed.length - 5 ? byte ^ 1 : byte))],
    ["a cut file", plain, content.slice(0, -1)],
    ["a cut compressed file", entry, packed.slice(0, -9)],
    ["another compressed file with as much content", entry, new Uint8Array(gzipSync(content.map((byte, i) => byte ^ (i % 7))))],
    ["a longer file", plain, new Uint8Array([...content, 1])],
    ["a page instead of the file", entry, new TextEncoder().encode("<!doctype html><title>Sign in</title>")],
    ["a decompression bomb", { ...entry, bytes: 100_000, raw_bytes: 64 }, new Uint8Array(gzipSync(new Uint8Array(10_000_000)))],
  ])("is refused, after another try past the cache: %s", async (_, wanted, body) => {
    const net = network(() => new Response(body));
    await expect(loadFile(BASE, wanted, net)).rejects.toMatchObject({ name: "LoadError", retryable: true, url: "https://site.example/x/data/a.bin" });
    expect(net.asked.map(({ init }) => init?.cache)).toEqual([undefined, "reload", "reload"]);
  });

  it("is requested again after a temporary failure", async () => {
    const net = network(() => Promise.reject(new TypeError("network")), () => new Response("", { status: 503 }), () => new Response(packed));
    expect(await loadFile(BASE, entry, net)).toEqual(content);
    expect(net.asked).toHaveLength(3);
  });

  it("is not requested again if that cannot help", async () => {
    for (const status of [403, 404, 410]) {
      const net = network(() => new Response("", { status }));
      await expect(loadFile(BASE, entry, net)).rejects.toMatchObject({ status, retryable: false });
      expect(net.asked).toHaveLength(1);
    }
  });

  it("that arrives incomplete is a retryable error", async () => {
    const body = () => new Response(new ReadableStream({
      start(controller) {
        controller.enqueue(content.slice(0, 10));
        controller.error(new Error("reset"));
      },
    }));
    await expect(loadFile(BASE, plain, { ...network(body), retries: 0 })).rejects.toMatchObject({ name: "LoadError", retryable: true });
  });

  it("is aborted together with the search", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const waiting = loadFile(BASE, entry, {
      fetch: (_, init) => new Promise((_resolve, reject) => { init?.signal?.addEventListener("abort", () => { reject(init.signal!.reason as Error); }); }),
      signal: controller.signal,
    });
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    const pausing = loadFile(BASE, entry, { fetch: network(() => new Response("", { status: 503 })).fetch, pause: () => 1e6, signal: AbortSignal.timeout(5) });
    await expect(pausing).rejects.toMatchObject({ name: "TimeoutError" });
  });
});

describe("the manifest", () => {
  const good = bytes(golden, "site-tiny", "manifest.json");
  const net = (content: () => BodyInit) => network(() => new Response(content()));

  it("arrives as it was written", async () => {
    expect(await loadManifest(BASE, net(() => good))).toEqual(json(golden, "site-tiny", "manifest.json"));
  });

  it("is fetched again, past the cache, if a byte is different", async () => {
    for (let at = 0; at < good.length; at += 7) {
      const copy = good.slice();
      copy[at] = copy[at]! ^ 1;
      await expect(loadManifest(BASE, { ...net(() => copy), retries: 0 })).rejects.toMatchObject({ name: "LoadError", retryable: true });
    }
    const changed = new TextDecoder().decode(good);
    for (const other of [`${changed} `, `\ufeff${changed}`, changed.slice(0, -1), changed.replace("checksum", "checksun")]) {
      await expect(loadManifest(BASE, { ...net(() => other), retries: 0 })).rejects.toMatchObject({ name: "LoadError", retryable: true });
    }
    const answers = [`${changed} `, changed];
    const healing = net(() => answers.shift()!);
    expect(await loadManifest(BASE, healing)).toMatchObject({ format: "imagedb-site" });
    expect(healing.asked.map(({ init }) => init?.cache)).toEqual(["no-cache", "reload"]);
  });

  it("is always revalidated", async () => {
    const net = network(() => Response.json({ a: 1 }));
    expect(await loadManifest(BASE, net)).toEqual({ a: 1 });
    expect(net.asked[0]!.init?.cache).toBe("no-cache");
  });

  it("that is an HTML page is refused", async () => {
    await expect(loadManifest(BASE, network(() => new Response("<!doctype html>")))).rejects.toThrow("JSON");
  });
});

describe("paths", () => {
  it("stay inside the site", () => {
    expect(resolvePath(BASE, "thumbs/a b#.webp".replace("#", ""))).toBe("https://site.example/x/thumbs/a%20b.webp");
    for (const path of ["", "/a", "//evil.example/a", "../a", "a/../b", "a/./b", "https://evil.example/a", "javascript:alert(1)", "a\\..\\b", "a//b", "a?b", "a#b", "\\\\evil\\a"]) {
      expect(() => resolvePath(BASE, path), path).toThrow("not a path");
    }
  });
});

describe("gunzip", () => {
  it("stops at the limit", async () => {
    await expect(gunzip(packed, content.length - 1)).rejects.toThrow("more than");
    expect(await gunzip(packed, content.length + 5)).toEqual(content);
  });

  it("refuses damaged data", async () => {
    await expect(gunzip(packed.slice(0, 40), content.length)).rejects.toThrow("damaged");
    await expect(gunzip(Uint8Array.of(0x1f, 0x8b, 0, 0), 10)).rejects.toThrow("damaged");
  });
});
