/** What the service worker keeps. Nothing enters a cache before its length and its hash were checked. */
import { areWhole, type Known } from "../base/hash";
import type { FileEntry } from "../format/entry";
import { decodeStored } from "../format/load";
import { knownOf, type Shell } from "./policy";

/** Counts up when an earlier worker may have kept something damaged: its caches are deleted. */
const GENERATION = 2;
/** Headers of a transfer that do not hold for a body that is kept. */
const OF_TRANSFER = ["content-encoding", "content-length", "set-cookie"];

/** `offline`: thumbnails that a visitor asked to keep; the others are kept up to a number. */
export type CacheName = "shell" | "data" | "mutable" | "thumbnail" | "view" | "offline";

export class Store {
  readonly names: Record<CacheName, string>;
  /** Several collections may share an origin; each uses its own caches. */
  private readonly prefix: string;

  constructor(private readonly scope: string, private readonly shell: Shell) {
    this.prefix = `imagedb ${new URL(scope).pathname} `;
    const named = (name: string): string => `${this.prefix}${name} ${String(GENERATION)}`;
    this.names = {
      shell: `${named("shell")} ${shell.version}`, data: named("data"), mutable: named("mutable"), thumbnail: named("thumbnails"), view: named("views"),
      offline: named("offline"),
    };
  }

  /** The address of a file of the site. */
  at(path: string): string {
    return new URL(path.split("/").map(encodeURIComponent).join("/"), this.scope).href;
  }

  async open(name: CacheName): Promise<Cache> {
    return await caches.open(this.names[name]);
  }

  /** Whether bytes are those of a file of the site, as `known` or its name says. */
  async isWhole(path: string, content: Uint8Array<ArrayBuffer>, known: Known | null = knownOf(path, this.shell)): Promise<boolean> {
    return known !== null && await areWhole(content, known, false);
  }

  /** The answer of a cache, unchecked: what is kept was checked before. */
  async known(name: CacheName, path: string): Promise<Response | undefined> {
    const found = await (await this.open(name)).match(this.at(path));
    return found ?? (name === "thumbnail" ? await this.known("offline", path) : undefined);
  }

  /** The answer of a cache after another check. A damaged one is deleted. */
  async checked(name: CacheName, path: string): Promise<Response | undefined> {
    const response = await this.known(name, path);
    if (!response) return undefined;
    const content = await bodyOf(response);
    if (content && await this.isWhole(path, content)) return withBody(response, content);
    await this.drop(name, path);
    return undefined;
  }

  async drop(name: CacheName, path: string): Promise<void> {
    await (await this.open(name)).delete(this.at(path));
    if (name === "thumbnail") await this.drop("offline", path);
  }

  /** Keeps an answer of the network if it is whole. Returns whether it is kept. */
  async keep(name: CacheName, path: string, response: Response, known?: Known): Promise<boolean> {
    const content = await bodyOf(response);
    if (!content || !await this.isWhole(path, content, known)) return false;
    return await this.put(name, path, response, content);
  }

  /** Keeps content that was checked. Returns whether there was room: if not, the site keeps working, just not offline. */
  async put(name: CacheName, path: string, response: Response, content: Uint8Array<ArrayBuffer>): Promise<boolean> {
    try {
      await (await this.open(name)).put(this.at(path), withBody(response, content));
      return true;
    } catch {
      return false;
    }
  }

  /** A file of the application in the caches of earlier versions, if it is the same. */
  async earlier(path: string): Promise<{ response: Response; content: Uint8Array<ArrayBuffer> } | null> {
    for (const name of await caches.keys()) {
      if (!name.startsWith(`${this.prefix}shell `)) continue;
      const response = await (await caches.open(name)).match(this.at(path));
      const content = response && await bodyOf(response);
      if (content && await this.isWhole(path, content)) return { response, content };
    }
    return null;
  }

  /** The decoded content of a kept data file; null if it is not there. A damaged one is deleted. */
  async content(entry: FileEntry): Promise<Uint8Array | null> {
    const known = await this.known("data", entry.path);
    if (!known) return null;
    try {
      return await decodeStored(new Uint8Array(await known.arrayBuffer()), entry, this.at(entry.path));
    } catch {
      await this.drop("data", entry.path);
      return null;
    }
  }

  /** Deletes everything in a cache. */
  async clear(name: CacheName): Promise<void> {
    await caches.delete(this.names[name]);
  }

  /** Deletes the caches of earlier workers. */
  async dropOthers(): Promise<void> {
    const wanted = new Set(Object.values(this.names));
    for (const name of await caches.keys()) {
      if (name.startsWith(this.prefix) && !wanted.has(name)) await caches.delete(name);
    }
  }
}

/** The bytes of a complete answer of this origin; null for any other answer, or if the connection breaks. */
export async function bodyOf(response: Response): Promise<Uint8Array<ArrayBuffer> | null> {
  if (response.status !== 200) {
    // Not awaited: it waits for the other reader of a cloned answer.
    void response.body?.cancel().catch(() => undefined);
    return null;
  }
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch {
    return null;
  }
}

/** An answer with the same headers, and a body that was read. */
export function withBody(response: Response, content: Uint8Array<ArrayBuffer>): Response {
  const headers = new Headers(response.headers);
  for (const name of OF_TRANSFER) headers.delete(name);
  return new Response(content, { headers });
}
