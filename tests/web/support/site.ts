/** The golden site as a server would serve it, with faults on demand. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Manifest, PackManifest } from "../../../web_assets/src/format";
import { bytes, golden, json, ortWasm } from "./files";
import { Files, modelEntry } from "./writer";
import type { Assets } from "../../../web_assets/src/engine";

export const BASE = "https://site.example/pictures/";
export const assets: Assets = { runtime: ortWasm };

export interface Server {
  fetch: typeof fetch;
  /** Requested paths, in order. */
  asked: string[];
  manifest: Manifest;
  /** The answer for a path instead of its file: a status, another body, or a promise to wait for. */
  faults: Map<string, () => Promise<Response> | Response>;
}

/** The text of a manifest with its checksum (docs/FORMAT.md 2.1). */
export function sealed(manifest: object): string {
  const zeros = "0".repeat(64);
  const blank = JSON.stringify({ ...manifest, checksum: zeros });
  return blank.replace(`"checksum":"${zeros}"`, `"checksum":"${createHash("sha256").update(blank).digest("hex")}"`);
}

type PackFiles = Map<string, Uint8Array<ArrayBuffer>>;

export interface TinyOptions {
  /** tests/golden/pack-tiny is the site's model, changed before it is published. */
  model?: boolean | ((pack: PackManifest, files: PackFiles) => void);
  /** Another manifest, and files that the golden site does not have. */
  change?: (manifest: Manifest, files: Files) => void;
}

/** tests/golden/site-tiny. */
export function serveTiny({ model = false, change }: TinyOptions = {}): Server {
  const manifest = json<Manifest>(golden, "site-tiny", "manifest.json");
  const files = new Files();
  if (model) {
    const pack = json<PackManifest>(golden, "pack-tiny", "pack.json");
    const contents: PackFiles = new Map(Object.keys(pack.files).map((name) => [name, bytes(golden, "pack-tiny", name)]));
    if (typeof model === "function") model(pack, contents);
    manifest.model = modelEntry(files, pack, contents);
  }
  change?.(manifest, files);
  return serve(manifest, files.stored, (path) => {
    const file = join(golden, "site-tiny", path);
    return existsSync(file) ? bytes(file) : null;
  });
}

/** Answer requests for a file only once the function that this returns was called. */
export function holdBack(server: Server, path: string): () => void {
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => { release = resolve; });
  const real = server.fetch;
  server.faults.set(path, async () => {
    await gate;
    server.faults.delete(path);
    return await real(BASE + path);
  });
  return () => { release(); };
}

/** A site with a manifest and files; `fallback` gives the others. */
export function serve(
  manifest: Manifest, files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>, fallback: (path: string) => Uint8Array<ArrayBuffer> | null = () => null,
): Server {
  const asked: string[] = [];
  const faults: Server["faults"] = new Map();
  const answer: typeof fetch = async (input, init) => {
    init?.signal?.throwIfAborted();
    const url = new URL(input instanceof Request ? input.url : String(input));
    const path = decodeURIComponent(url.href.slice(BASE.length));
    asked.push(path);
    const fault = faults.get(path) ?? [...faults].find(([key]) => key.endsWith("*") && path.startsWith(key.slice(0, -1)))?.[1];
    if (fault) return await fault();
    if (path === "manifest.json") return new Response(sealed(manifest));
    const content = files.get(path) ?? fallback(path);
    return content ? new Response(content) : new Response("no such file", { status: 404 });
  };
  return { fetch: answer, asked, manifest, faults };
}
