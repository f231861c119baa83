/** The service worker: a visited collection also works offline. */
import type { FileEntry } from "../format/entry";
import { checkHash, decodeStored } from "../format/load";
import type { Manifest } from "../format/manifest";
import { readManifest } from "../format/read-manifest";
import { entriesOf } from "../format/walk";
import { partsOf } from "./parts";
import { kindOf, LARGE, MOST, pathInside, warming, type Kind, type Shell, type ShellFile, type WarmedMessage, type WarmMessage } from "./policy";

declare const self: ServiceWorkerGlobalScope & { IMAGEDB_SHELL?: Shell };

const scope = self.registration.scope;
const shell: Shell = self.IMAGEDB_SHELL ?? { version: "none", files: [] };
/** Several collections may share an origin; each uses its own caches. */
const prefix = `imagedb ${new URL(scope).pathname} `;
const names = {
  shell: `${prefix}shell ${shell.version}`, data: `${prefix}data`, mutable: `${prefix}mutable`,
  thumbnail: `${prefix}thumbnails`, view: `${prefix}views`,
};
/** Milliseconds after which the cache answers instead of a slow network, if it can. */
const PATIENCE = 4000;
/** Milliseconds that a thumbnail waits before it is kept. */
const SHOWN_FIRST = 500;

const at = (path: string): string => new URL(path.split("/").map(encodeURIComponent).join("/"), scope).href;

async function put(name: string, key: string, response: Response): Promise<void> {
  if (response.status !== 200 || response.type !== "basic") return;
  try {
    await (await caches.open(name)).put(key, response);
  } catch {
    // The device is full: the site keeps working, just not offline.
  }
}

/** The application as one set, with files from caches of earlier versions if they are the same. */
async function install(): Promise<void> {
  const cache = await caches.open(names.shell);
  await Promise.all(shell.files.map(async (file) => {
    const url = at(file.path);
    const page = file.path === "index.html";
    const known = page ? undefined : await caches.match(url);
    if (known) await cache.put(url, known);
    else if (page || file.bytes <= LARGE) await cache.put(url, await fetchShell(url, file, page));
  }));
}

/** A file of the application, as the build made it. Rejects if the content differs, so that the next visit tries again. */
async function fetchShell(url: string, { path, bytes, sha256 }: ShellFile, fresh: boolean): Promise<Response> {
  const response = await fetch(url, fresh ? { cache: "no-cache" } : {});
  if (!response.ok) throw new Error(`${path} could not be loaded.`);
  const content = await response.clone().arrayBuffer();
  // A host may rewrite a file (minify it, for instance), but then its length rarely stays the same.
  if (content.byteLength === bytes) await checkHash(new Uint8Array(content), { sha256 }, url);
  return response;
}

async function activate(): Promise<void> {
  const wanted = new Set(Object.values(names));
  for (const name of await caches.keys()) {
    if (name.startsWith(prefix) && !wanted.has(name)) await caches.delete(name);
  }
  await self.clients.claim();
}

async function cacheFirst(request: Request, name: string, kind: Kind, event: FetchEvent): Promise<Response> {
  const key = request.url.split("#")[0]!;
  const cache = await caches.open(name);
  // The page requests a file again in this way if it arrived damaged.
  const known = request.cache === "reload" ? undefined : await cache.match(key);
  if (known) return known;
  const response = await fetch(request);
  const copy = response.clone();
  // Showing a picture has priority over keeping it.
  event.waitUntil(later(kind === "thumbnail" ? SHOWN_FIRST : 0).then(() => put(name, key, copy)).then(() => trim(name, kind)));
  return response;
}

let puts = 0;

/** Deletes the oldest pictures when there are too many. */
async function trim(name: string, kind: Kind): Promise<void> {
  if (kind !== "thumbnail" && kind !== "view") return;
  if (++puts % 64) return;
  const cache = await caches.open(name);
  const keys = await cache.keys();
  for (const key of keys.slice(0, Math.max(0, keys.length - MOST[kind]))) await cache.delete(key);
}

function later(milliseconds: number): Promise<null> {
  return new Promise((resolve) => { setTimeout(() => resolve(null), milliseconds); });
}

/** The network; if it fails or is slow, the cache; without a cached answer, whatever the network finally returns. */
async function networkFirst(request: Request, known: () => Promise<Response | undefined>, keep: (response: Response) => void): Promise<Response> {
  const network = fetch(request).then((response) => {
    if (response.ok) keep(response.clone());
    return response;
  });
  const first = await Promise.race([network.catch(() => null), later(PATIENCE)]);
  if (first && first.status < 500) return first;
  return await known() ?? first ?? network;
}

async function manifestFirst(request: Request, event: FetchEvent): Promise<Response> {
  const key = at("manifest.json");
  return networkFirst(
    request,
    async () => (await caches.open(names.mutable)).match(key),
    (response) => { event.waitUntil(put(names.mutable, key, response)); },
  );
}

/** Deletes the data of older builds: files that the manifest and the index files in the cache do not list. */
async function prune(manifest: Manifest): Promise<void> {
  const cache = await caches.open(names.data);
  const wanted = new Set<string>();
  for await (const { path } of entriesOf(manifest, contentOf)) wanted.add(path);
  for (const key of await cache.keys()) {
    const path = pathInside(key.url, scope);
    if (path !== null && !wanted.has(path)) await cache.delete(key);
  }
}

/** The content of a file in the cache of data; null if it is not there. A damaged one is deleted. */
async function contentOf(entry: FileEntry): Promise<Uint8Array | null> {
  const url = at(entry.path);
  const cache = await caches.open(names.data);
  const known = await cache.match(url);
  if (!known) return null;
  try {
    return await decodeStored(new Uint8Array(await known.arrayBuffer()), entry, url);
  } catch {
    await cache.delete(url);
    return null;
  }
}

/** The page from the network; offline, from the installed set, so that page and program belong together. */
function page(request: Request): Promise<Response> {
  return networkFirst(request, async () => (await caches.open(names.shell)).match(at("index.html")), () => undefined);
}

async function warm({ generous }: WarmMessage): Promise<boolean> {
  const url = at("manifest.json");
  const mutable = await caches.open(names.mutable);
  let stored = await mutable.match(url);
  if (!stored) {
    const fresh = await fetch(url, { cache: "no-cache" });
    if (!fresh.ok) return false;
    await put(names.mutable, url, fresh.clone());
    stored = fresh;
  }
  const manifest = readManifest(await stored.json());
  const read = async (entry: FileEntry): Promise<Uint8Array> => {
    await keepFile(entry.path, !generous);
    const content = await contentOf(entry);
    if (!content) throw new Error(`${entry.path} is not in the cache.`);
    return content;
  };
  const plan = warming(manifest, await partsOf(manifest, read), shell.files, generous);
  let complete = true;
  for (const [paths, here] of [[plan.keep, true], [plan.fetch, false]] as const) {
    for (const path of paths) complete = (await keepFile(path, here)) && complete;
  }
  await prune(manifest);
  return complete;
}

/** Keeps one file. `here`: only if the browser has it already, without asking the network. */
async function keepFile(path: string, here: boolean): Promise<boolean> {
  const name = shell.files.some((file) => file.path === path) ? names.shell : names.data;
  const url = at(path);
  const cache = await caches.open(name);
  if (await cache.match(url)) return true;
  try {
    const response = await fetch(url, here ? { cache: "only-if-cached", mode: "same-origin" } : {});
    if (!response.ok) return here;
    await cache.put(url, response);
    return true;
  } catch {
    return here;
  }
}

self.addEventListener("install", (event) => {
  event.waitUntil(install().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(activate());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const kind = kindOf(
    { url: request.url, method: request.method, range: request.headers.has("range"), navigates: request.mode === "navigate" },
    scope, shell,
  );
  switch (kind) {
    case "pass": return;
    case "page": event.respondWith(page(request)); return;
    case "mutable": event.respondWith(manifestFirst(request, event)); return;
    default: event.respondWith(cacheFirst(request, names[kind], kind, event));
  }
});

self.addEventListener("message", (event) => {
  const message = event.data as Partial<WarmMessage> | null;
  if (message?.type !== "warm") return;
  const { source } = event;
  event.waitUntil(warm({ type: "warm", generous: message.generous === true }).catch(() => false).then((complete) => {
    source?.postMessage({ type: "warmed", complete } satisfies WarmedMessage);
  }));
});
