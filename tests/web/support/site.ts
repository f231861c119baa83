/** The golden site as a server would give it, with faults on demand. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Manifest, PackManifest } from "../../../web_assets/src/format";
import { bytes, golden, json, ortWasm, sqliteWasm } from "./files";
import type { Assets } from "../../../web_assets/src/engine";

export const BASE = "https://site.example/pictures/";
export const assets: Assets = { sqlite: sqliteWasm, runtime: ortWasm };

export interface Server {
  fetch: typeof fetch;
  /** Paths asked for, in order. */
  asked: string[];
  manifest: Manifest;
  /** What answers a path instead of its file: a status, another body, or a promise to wait for. */
  faults: Map<string, () => Promise<Response> | Response>;
}

/** tests/golden/site-tiny; with `model`, tests/golden/pack-tiny is its model. */
export function serveTiny({ model = false, change }: { model?: boolean; change?: (manifest: Manifest) => void } = {}): Server {
  const manifest = json<Manifest>(golden, "site-tiny", "manifest.json");
  if (model) manifest.model = packEntry();
  change?.(manifest);
  const asked: string[] = [];
  const faults: Server["faults"] = new Map();
  const answer: typeof fetch = async (input, init) => {
    init?.signal?.throwIfAborted();
    const url = new URL(input instanceof Request ? input.url : String(input));
    const path = decodeURIComponent(url.href.slice(BASE.length));
    asked.push(path);
    const fault = faults.get(path) ?? [...faults].find(([key]) => key.endsWith("*") && path.startsWith(key.slice(0, -1)))?.[1];
    if (fault) return await fault();
    if (path === "manifest.json") return new Response(JSON.stringify(manifest));
    const file = path.startsWith("model/") ? join(golden, "pack-tiny", path.slice(6)) : join(golden, "site-tiny", path);
    return existsSync(file) ? new Response(bytes(file)) : new Response("no such file", { status: 404 });
  };
  return { fetch: answer, asked, manifest, faults };
}

function packEntry(): NonNullable<Manifest["model"]> {
  const pack = json<PackManifest>(golden, "pack-tiny", "pack.json");
  const files = Object.fromEntries(Object.keys(pack.files).map((name) => {
    const data = bytes(golden, "pack-tiny", name);
    const packed = data[0] === 0x1f && data[1] === 0x8b;
    const raw = packed ? new DataView(data.buffer).getUint32(data.length - 4, true) : data.length;
    return [name, { path: `model/${name}`, bytes: data.length, raw_bytes: raw, sha256: createHash("sha256").update(data).digest("hex") }];
  }));
  return { pack, files };
}
