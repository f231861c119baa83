/**
 * The service worker: a visited collection also works offline, and a damaged answer of the network harms no later visit.
 *
 * Everything is checked before it is kept. Scripts and styles are checked before they are handed out, because the page
 * cannot check them; data and pictures are handed out as they arrive, because the page checks them and asks again, past
 * every cache, if they are damaged.
 */
import { sha256 } from "../base/hash";
import { recorded, recordRequests, type RequestsMessage } from "../base/requests";
import type { Manifest } from "../format/manifest";
import { decodeManifest } from "../format/manifest-checksum";
import { readManifest } from "../format/read-manifest";
import type { FileEntry } from "../format/entry";
import { entriesOf } from "../format/walk";
import { apiFor, installApi } from "./http";
import { forget, pictureFiles, verify } from "./kept";
import {
  isInstalled, isPage, kindOf, LARGE, MOST, pathInside, wantsFresh, type Amount, type CoolMessage, type ForgetMessage, type Kept, type Shell, type ShellFile,
  type VerifiedMessage, type VerifyMessage, type WarmedMessage, type WarmMessage,
} from "./policy";
import { bodyOf, Store, withBody } from "./store";
import { warm } from "./warm";

declare const self: ServiceWorkerGlobalScope & { IMAGEDB_SHELL?: Shell };

recordRequests();
const scope = self.registration.scope;
const shell: Shell = self.IMAGEDB_SHELL ?? { version: "none", files: [] };
const store = new Store(scope, shell);
const PAGE = "index.html";
const MANIFEST = "manifest.json";
/** Milliseconds after which the cache answers instead of a slow network, if it can. */
const PATIENCE = 4000;
/** Milliseconds that a thumbnail waits before it is kept. */
const SHOWN_FIRST = 500;
/** How many files are installed at the same time. */
const PARALLEL = 4;

/** The application as one set, with files from caches of earlier versions if they are the same. Rejects if one is damaged. */
async function install(): Promise<void> {
  const files = shell.files.filter((file) => file.path === PAGE || isInstalled(file));
  const worker = async (): Promise<void> => {
    for (let file = files.shift(); file; file = files.shift()) {
      try {
        await installFile(file);
      } catch (error) {
        files.length = 0;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

async function installFile({ path }: ShellFile): Promise<void> {
  const page = path === PAGE;
  const earlier = page ? null : await store.earlier(path);
  if (earlier) {
    await store.put("shell", path, earlier.response, earlier.content);
    return;
  }
  const { whole, content } = await download(path, page ? "no-cache" : "default");
  if (whole) return;
  // A host may add a script to the page. It is then not kept, and everything else is.
  if (page && content && isPage(new TextDecoder().decode(content))) console.warn("The host changes index.html, so the page is not kept for offline use.");
  else throw new Error(`${path} could not be loaded as it was built, so the site is not kept for offline use.`);
}

interface Download {
  response: Response;
  /** Null for an answer other than 200. */
  content: Uint8Array<ArrayBuffer> | null;
  whole: boolean;
}

/** Files that arrive twice with the same other content: the host rewrites them. They are handed out and not kept. */
const rewritten = new Set<string>();

/** A file of the application, kept if it is whole. If it is not, it is fetched once more past every cache. */
async function download(path: string, cache: RequestCache): Promise<Download> {
  let before: string | null = null;
  let last: Download = { response: Response.error(), content: null, whole: false };
  for (const mode of [cache, "reload"] as const) {
    const response = await fetch(store.at(path), { cache: mode });
    if (!response.ok) return { response, content: null, whole: false };
    const content = await bodyOf(response);
    const whole = content !== null && await store.isWhole(path, content);
    if (whole) await store.put("shell", path, response, content);
    const hash = whole || !content ? null : await sha256(content);
    if (hash !== null && hash === before) rewritten.add(path);
    last = { response: content ? withBody(response, content) : Response.error(), content, whole };
    if (whole || mode === "reload" || rewritten.has(path)) break;
    before = hash;
  }
  return last;
}

/** A script or a style: checked whether it comes from the cache or from the network. */
async function program(request: Request, path: string): Promise<Response> {
  const fresh = wantsFresh(request.cache);
  const known = fresh ? undefined : await store.checked("shell", path);
  if (known) return known;
  try {
    return (await download(path, request.cache === "only-if-cached" ? "default" : request.cache)).response;
  } catch (error) {
    const kept = fresh ? await store.checked("shell", path) : undefined;
    if (kept) return kept;
    throw error;
  }
}

type Streamed = "shell" | "data" | "thumbnail" | "view";

/** A file that the page checks by itself. */
async function streamed(request: Request, name: Streamed, path: string, event: FetchEvent): Promise<Response> {
  const fresh = wantsFresh(request.cache);
  // The page asks past the caches if the file arrived damaged. A good copy stays, for a network that fails.
  const known = fresh ? await store.checked(name, path) : await store.known(name, path);
  if (known && !fresh) return known;
  try {
    const response = await fetch(request);
    if (request.cache !== "no-store" && response.ok) {
      const copy = response.clone();
      // Showing a picture has priority over keeping it.
      keepAlive(event, later(name === "thumbnail" && !fresh ? SHOWN_FIRST : 0).then(() => store.keep(name, path, copy)).then(() => trim(name)).catch(() => undefined));
    }
    return response;
  } catch (error) {
    if (known) return known;
    // Nobody waits for the answer any more. Firefox would report the rejection as an error of the service worker.
    if (error instanceof DOMException && error.name === "AbortError") return new Response(null, { status: 503 });
    throw error;
  }
}

/** Let the browser wait for work. If the event has been answered already, as when the API loads a file later, the work goes on without that. */
function keepAlive(event: ExtendableEvent, work: Promise<unknown>): void {
  try {
    event.waitUntil(work);
  } catch {
    work.catch(() => undefined);
  }
}

let puts = 0;

/** Deletes the oldest pictures when there are too many. */
async function trim(name: Streamed): Promise<void> {
  if (name !== "thumbnail" && name !== "view") return;
  if (++puts % 64) return;
  const cache = await store.open(name);
  const keys = await cache.keys();
  for (const key of keys.slice(0, Math.max(0, keys.length - MOST[name]))) await cache.delete(key);
}

function later(milliseconds: number): Promise<null> {
  return new Promise((resolve) => { setTimeout(() => resolve(null), milliseconds); });
}

/**
 * The network, asked once more past every cache if `accept` refuses its answer; if it fails, is slow or is refused again,
 * the cache; without a cached answer, whatever the network finally returns.
 */
async function networkFirst(request: Request, known: () => Promise<Response | undefined>, accept: (response: Response) => Promise<boolean>): Promise<Response> {
  const network = (async () => {
    let response = await fetch(request);
    let good = response.ok && await accept(response.clone());
    if (response.ok && !good && request.cache !== "reload") {
      response = await fetch(request.url, { cache: "reload", credentials: "same-origin" });
      good = response.ok && await accept(response.clone());
    }
    return { response, good };
  })();
  const first = await Promise.race([network.catch(() => null), later(PATIENCE)]);
  if (first && (first.good || (!first.response.ok && first.response.status < 500))) return first.response;
  return await known() ?? first?.response ?? (await network).response;
}

async function manifestFirst(request: Request): Promise<Response> {
  return await networkFirst(request, () => store.known("mutable", MANIFEST), async (response) => {
    const content = await bodyOf(response);
    return content !== null && await keepManifest(response, content) !== null;
  });
}

/** Keeps a manifest and returns what it says. Null if it is damaged; that of another version is neither kept nor refused. */
async function keepManifest(response: Response, content: Uint8Array<ArrayBuffer>): Promise<unknown> {
  let value: unknown;
  try {
    value = await decodeManifest(content, MANIFEST);
  } catch {
    return null;
  }
  try {
    readManifest(value);
  } catch {
    return value;
  }
  await store.put("mutable", MANIFEST, response, content);
  return value;
}

/** The page from the network; offline, from the installed set, so that page and program belong together. */
function page(request: Request): Promise<Response> {
  return networkFirst(request, () => store.checked("shell", PAGE), async (response) => {
    const content = await bodyOf(response);
    return content !== null && isPage(new TextDecoder().decode(content));
  });
}

/** Deletes the data of older builds: files that the manifest and the index files in the cache do not list. */
async function prune(manifest: Manifest): Promise<void> {
  const cache = await store.open("data");
  const wanted = new Set<string>();
  for await (const { path } of entriesOf(manifest, (entry) => store.content(entry))) wanted.add(path);
  for (const key of await cache.keys()) {
    const path = pathInside(key.url, scope);
    if (path !== null && !wanted.has(path)) await cache.delete(key);
  }
  const pictures = await store.open("offline");
  const kept = await pictures.keys();
  if (!kept.length) return;
  const files = await pictureFiles(manifest, known).catch(() => null);
  const shown = new Set(files?.map(({ path }) => path));
  for (const key of files ? kept : []) {
    const path = pathInside(key.url, scope);
    if (path !== null && !shown.has(path)) await pictures.delete(key);
  }
}

async function known(entry: FileEntry): Promise<Uint8Array> {
  const content = await store.content(entry);
  if (!content) throw new Error(`${entry.path} is not in the cache.`);
  return content;
}

/** The manifest in the cache, or else that of the network. */
async function currentManifest(): Promise<Manifest | null> {
  const stored = await store.known("mutable", MANIFEST);
  const response = stored ?? await fetch(store.at(MANIFEST), { cache: "no-cache" });
  const content = await bodyOf(response);
  const value = content && await keepManifest(response, content);
  return value ? readManifest(value) : null;
}

/** The work under way. */
let warmingUp: AbortController | null = null;

async function warmUp(amount: Amount, report: (kept: Kept) => void): Promise<{ kept: Kept; done: boolean } | null> {
  warmingUp?.abort();
  const abort = new AbortController();
  warmingUp = abort;
  const manifest = await currentManifest();
  if (!manifest) return null;
  const kept = await warm(store, shell, manifest, { amount, signal: abort.signal, report });
  const done = !abort.signal.aborted;
  if (done) await prune(manifest);
  return { kept: { ...kept, complete: kept.complete && await store.known("shell", PAGE) !== undefined }, done };
}

/** A file of the site for the API: kept files first, and what the network gives is kept. */
function siteFetch(event: FetchEvent): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const path = pathInside(request.url, scope);
    const kind = kindOf({ url: request.url, method: request.method, range: false, navigates: false }, scope, shell);
    return path !== null && (kind === "data" || kind === "shell") ? await streamed(request, kind, path, event) : await fetch(request);
  };
}

self.addEventListener("install", (event) => {
  installApi();
  event.waitUntil(install().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(store.dropOthers().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  // Percent-encoded, as the API reads it.
  const { origin, pathname } = new URL(request.url);
  const root = new URL(scope);
  const api = origin === root.origin && pathname.startsWith(root.pathname) ? apiFor(request, pathname.slice(root.pathname.length)) : null;
  if (api) {
    event.respondWith(api.answer(request, pathname.slice(root.pathname.length), {
      scope, fetch: siteFetch(event), manifest: () => manifestFirst(new Request(store.at(MANIFEST), { cache: "no-cache" })),
    }));
    return;
  }
  const kind = kindOf(
    { url: request.url, method: request.method, range: request.headers.has("range"), navigates: request.mode === "navigate" },
    scope, shell,
  );
  const path = pathInside(request.url, scope);
  if (kind === "pass" || path === null) return;
  if (kind === "page") event.respondWith(page(request));
  else if (kind === "mutable") event.respondWith(manifestFirst(request));
  else if (kind === "shell" && isSmall(path)) event.respondWith(program(request, path));
  else event.respondWith(streamed(request, kind, path, event));
});

/** Whether a file of the application can be checked before it is handed out. The page checks the large ones itself. */
function isSmall(path: string): boolean {
  return shell.files.some((file) => file.path === path && file.bytes <= LARGE);
}

self.addEventListener("message", (event) => {
  const message = event.data as Partial<WarmMessage | CoolMessage | VerifyMessage | ForgetMessage | RequestsMessage> | null;
  const { source } = event;
  if (message?.type === "requests") event.ports[0]?.postMessage(recorded());
  if (message?.type === "cool" || message?.type === "forget") warmingUp?.abort();
  if (message?.type === "forget") event.waitUntil(forget(store));
  if (message?.type === "verify") {
    event.waitUntil(verify(store, scope).then((found) => { source?.postMessage({ type: "verified", ...found } satisfies VerifiedMessage); }));
  }
  if (message?.type !== "warm") return;
  const report = (kept: Kept, done = false): void => { source?.postMessage({ type: "warmed", kept, done } satisfies WarmedMessage); };
  const amount = message.amount === "all" || message.amount === "little" ? message.amount : "nothing";
  event.waitUntil(warmUp(amount, report).then((found) => { if (found) report(found.kept, found.done); }, () => undefined));
});
