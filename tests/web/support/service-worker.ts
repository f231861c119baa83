/** A service worker with simulated caches and network. */
import { vi } from "vitest";
import type { Kept, ShellFile, WarmedMessage } from "../../../web_assets/src/sw/policy";
import { BASE } from "./site";

export class FakeCache {
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
export async function started(fetch: typeof globalThis.fetch, files: ShellFile[] = [], caches = new Map<string, FakeCache>()) {
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
  await import("../../../web_assets/src/sw/sw");
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
  /** What the page is told, the last message last. */
  const warm = async (amount: string): Promise<Kept[]> => {
    const told: Kept[] = [];
    await dispatch("message", { data: { type: "warm", amount }, source: { postMessage: (message: WarmedMessage) => { told.push(message.kept); } } });
    return told;
  };
  const verify = async (): Promise<unknown[]> => {
    const told: unknown[] = [];
    await dispatch("message", { data: { type: "verify" }, source: { postMessage: (message: unknown) => { told.push(message); } } });
    return told;
  };
  return { dispatch, kept, caches, cool: () => dispatch("message", { data: { type: "cool" } }), warm, verify, forget: () => dispatch("message", { data: { type: "forget" } }) };
}

export type Worker = Awaited<ReturnType<typeof started>>;
export const ask = async (worker: Worker, path: string, cache: RequestCache = "default", mode: RequestMode = "cors"): Promise<string> =>
  await ((await worker.dispatch("fetch", { request: { url: BASE + path, toString: () => BASE + path, method: "GET", headers: new Headers(), mode, cache } })) as Response).text();
