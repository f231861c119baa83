/** The service worker: a visited collection works without a network. */
import type { Manifest } from "../format/manifest";
import { kindOf, LARGE, MOST, named, pathInside, warming, type Kind, type Shell, type WarmedMessage, type WarmMessage } from "./policy";

declare const self: ServiceWorkerGlobalScope & { IMAGEDB_SHELL?: Shell };

const scope = self.registration.scope;
const shell: Shell = self.IMAGEDB_SHELL ?? { version: "none", files: [] };
/** Several collections may live on one origin: each keeps to caches of its own. */
const prefix = `imagedb ${new URL(scope).pathname} `;
const names = {
  shell: `${prefix}shell ${shell.version}`, data: `${prefix}data`, mutable: `${prefix}mutable`,
  thumbnail: `${prefix}thumbnails`, view: `${prefix}views`,
};
/** A network that does not answer this long (ms) is treated as none, where the cache can answer. */
const PATIENCE = 4000;
/** Milliseconds that a thumbnail waits before it is kept. */
const SHOWN_FIRST = 500;

const at = (path: string): string => new URL(path.split("/").map(encodeURIComponent).join("/"), scope).href;

async function put(name: string, key: string, response: Response): Promise<void> {
  if (response.status !== 200 || response.type !== "basic") return;
  try {
    await (await caches.open(name)).put(key, response);
  } catch {
    // The device is full: everything works on, only not without a network.
  }
}

/** The application as one set, from caches of earlier versions where the file is the same. */
async function install(): Promise<void> {
  const cache = await caches.open(names.shell);
  await Promise.all(shell.files.map(async ({ path, bytes }) => {
    const url = at(path);
    if (path === "index.html") {
      const page = await fetch(url, { cache: "no-cache" });
      if (page.ok) await cache.put(url, page);
      return;
    }
    const known = await caches.match(url);
    if (known) await cache.put(url, known);
    else if (bytes <= LARGE) {
      const file = await fetch(url);
      if (!file.ok) throw new Error(`${path} could not be loaded.`);
      await cache.put(url, file);
    }
  }));
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
  const known = await cache.match(key);
  if (known) return known;
  const response = await fetch(request);
  const copy = response.clone();
  // What is shown comes before what is kept.
  event.waitUntil(later(kind === "thumbnail" ? SHOWN_FIRST : 0).then(() => put(name, key, copy)).then(() => trim(name, kind)));
  return response;
}

let puts = 0;

/** Lets the oldest pictures go when there are too many. */
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

/** The network, else (or when it dawdles) the cache, else whatever the network says after all. */
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
    (response) => { event.waitUntil(keepManifest(key, response)); },
  );
}

async function keepManifest(key: string, response: Response): Promise<void> {
  const manifest = response.clone().json() as Promise<Manifest>;
  await put(names.mutable, key, response);
  await prune(await manifest);
}

/** Lets go what an older build needed. */
async function prune(manifest: Manifest): Promise<void> {
  let wanted: Set<string>;
  try {
    wanted = named(manifest);
  } catch {
    return;
  }
  const cache = await caches.open(names.data);
  for (const key of await cache.keys()) {
    const path = pathInside(key.url, scope);
    if (path !== null && !wanted.has(path)) await cache.delete(key);
  }
}

/** The page from the network; from the installed set where there is none, so that page and program fit. */
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
  const manifest = (await stored.json()) as Manifest;
  const plan = warming(manifest, shell.files, generous);
  let complete = true;
  for (const [paths, here] of [[plan.keep, true], [plan.fetch, false]] as const) {
    for (const path of paths) complete = (await keepFile(path, here)) && complete;
  }
  await prune(manifest);
  return complete;
}

/** Keeps one file. `here`: only where the browser has it already, without asking the network. */
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
