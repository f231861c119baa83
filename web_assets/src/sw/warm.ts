/** Loading in advance what the service worker keeps, as long as nobody needs the line for something else. */
import type { FileEntry } from "../format/entry";
import type { Manifest } from "../format/manifest";
import { partsOf } from "./parts";
import { pictureFiles } from "./kept";
import { MOST_PICTURES, warming, type Amount, type Kept, type Shell, type ShellFile } from "./policy";
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
  const { bytes } = manifest.thumbnails;
  const wanted = bytes <= MOST_PICTURES ? bytes : 0;
  const total = [...missing.values()].reduce((sum, size) => sum + size, wanted);
  /** The bytes of thumbnails that are kept. Their files are known only if they are asked for. */
  let pictures = 0;
  const kept = (): Kept => ({
    complete: plan.needed.length > 0 && plan.needed.every(({ path }) => !missing.has(path)),
    left: [...missing.values()].reduce((sum, size) => sum + size, Math.max(0, wanted - pictures)),
    total,
  });
  let reported = Date.now();
  const tell = (): void => {
    if (Date.now() < reported + REPORT_MS) return;
    reported = Date.now();
    report(kept());
  };
  for (const [files, here] of [[plan.keep, true], [plan.fetch, false]] as const) {
    for (const file of files) {
      if (signal.aborted) return kept();
      if (await keepFile(file, here)) missing.delete(file.path);
      if (!here) tell();
    }
  }
  const here = amount !== "all";
  if (!wanted || (here && !(await (await store.open("offline")).keys()).length)) return kept();
  const files = await pictureFiles(manifest, read).catch(() => []);
  let failed = !files.length;
  for (const file of files) {
    if (signal.aborted) return kept();
    if (await keepPicture(store, file.path, here, signal)) pictures += file.bytes;
    else failed = true;
    tell();
  }
  // The sum above leaves out the gaps that removed pictures leave in files.
  if (!failed) pictures = wanted;
  return kept();
}

/** Keeps a file of thumbnails; one that was shown before is only copied. `here`: only says whether it is kept. */
async function keepPicture(store: Store, path: string, here: boolean, signal: AbortSignal): Promise<boolean> {
  if (await (await store.open("offline")).match(store.at(path))) return true;
  if (here) return false;
  const shown = await store.checked("thumbnail", path);
  if (shown) return await store.keep("offline", path, shown);
  try {
    for (const cache of ["default", "reload"] as const) {
      if (await store.keep("offline", path, await fetch(store.at(path), { cache, priority: "low", signal }))) return true;
    }
  } catch {
    // The network fails, or the work was stopped: another time.
  }
  return false;
}
