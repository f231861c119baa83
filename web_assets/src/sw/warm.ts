/** Loading in advance what the service worker keeps, as long as nobody needs the line for something else. */
import type { FileEntry } from "../format/entry";
import type { Manifest } from "../format/manifest";
import { partsOf } from "./parts";
import { warming, type Amount, type Kept, type Shell, type ShellFile } from "./policy";
import type { CacheName, Store } from "./store";

/** How often (ms) the page is told how much is left. */
const REPORT_MS = 1000;

export interface WarmOptions {
  amount: Amount;
  /** Aborted when something else needs the line. */
  signal: AbortSignal;
  report: (kept: Kept) => void;
}

/** Loads and keeps files in the order of their importance; what the browser has already is kept first. */
export async function warm(store: Store, shell: Shell, manifest: Manifest, { amount, signal, report }: WarmOptions): Promise<Kept> {
  const nameOf = ({ path }: ShellFile): CacheName => (shell.files.some((other) => other.path === path) ? "shell" : "data");

  /** Keeps one file. `here`: only if the browser has it already, without asking the network. Returns whether it is kept. */
  const keepFile = async (file: ShellFile, here: boolean): Promise<boolean> => {
    const [name, url] = [nameOf(file), store.at(file.path)];
    if (await store.known(name, file.path)) return true;
    try {
      if (here) return await store.keep(name, file.path, await fetch(url, { cache: "only-if-cached", mode: "same-origin", signal }), file);
      for (const cache of ["default", "reload"] as const) {
        if (await store.keep(name, file.path, await fetch(url, { cache, priority: "low", signal }), file)) return true;
      }
    } catch {
      // The network fails, or the work was stopped: another time.
    }
    return false;
  };
  const read = async (entry: FileEntry): Promise<Uint8Array> => {
    await keepFile(entry, amount === "nothing");
    const content = await store.content(entry);
    if (!content) throw new Error(`${entry.path} is not in the cache.`);
    return content;
  };

  const plan = warming(manifest, await partsOf(manifest, read), shell.files, amount);
  const missing = new Map([...plan.keep, ...plan.fetch].map((file) => [file.path, file.bytes]));
  const kept = (): Kept => ({
    complete: plan.needed.length > 0 && plan.needed.every(({ path }) => !missing.has(path)),
    left: [...missing.values()].reduce((sum, size) => sum + size, 0),
  });
  let reported = Date.now();
  for (const [files, here] of [[plan.keep, true], [plan.fetch, false]] as const) {
    for (const file of files) {
      if (signal.aborted) return kept();
      if (await keepFile(file, here)) missing.delete(file.path);
      if (here || Date.now() < reported + REPORT_MS) continue;
      reported = Date.now();
      report(kept());
    }
  }
  return kept();
}
