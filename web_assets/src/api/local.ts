/** A collection whose engine runs in the same thread: in Node, and on pages that may not start workers. */
import { Engine, type Assets } from "../engine/index";
import type { LoadProgress } from "../engine/types";
import { methodsOf } from "../worker/methods";
import type { Collection, OpenOptions } from "./types";

/** @param url absolute address of the site */
export async function openLocally(url: string, assets: Assets, { signal, fetch }: OpenOptions = {}): Promise<Collection> {
  const listeners = new Set<(progress: LoadProgress) => void>();
  const engine = await Engine.open(url, {
    assets,
    ...(fetch ? { fetch } : {}),
    ...(signal ? { signal } : {}),
    onProgress: (progress) => { for (const listener of listeners) listener(progress); },
  });
  return {
    ...methodsOf("collection", engine),
    manifest: engine.manifest,
    onProgress: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => { void engine.close(); },
  };
}
