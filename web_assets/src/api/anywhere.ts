/** Decides where the library's engine runs: in a worker if possible (even on a page of another host), else in the same thread. */
import workerUrl from "../worker/main.ts?worker&url";
import { openWorker } from "./collection";
import { fetchAnything, fileAddress, IN_NODE } from "./files";
import type { Collection, OpenOptions } from "./types";

export async function openAnywhere(url: string, options: OpenOptions): Promise<Collection> {
  if (IN_NODE) {
    return await openHere(fileAddress(url), { fetch: fetchAnything, ...options });
  }
  const address = new URL(url, globalThis.location.href).href;
  if (typeof Worker === "undefined" || options.fetch || !(await workersMayStart())) return await openHere(address, options);
  return await openWorker(startWorker, address, { ...(options.signal ? { signal: options.signal } : {}) });
}

async function openHere(address: string, options: OpenOptions): Promise<Collection> {
  const [{ openLocally }, { assetsFrom }] = await Promise.all([import("./local"), import("../worker/assets")]);
  return await openLocally(address, assetsFrom(options.fetch ?? fetch), options);
}

/** Browsers start no worker from another origin, but one from a blob may import its script. */
function startWorker(): Worker {
  const url = new URL(workerUrl, import.meta.url).href;
  if (new URL(url).origin === globalThis.location.origin) return new Worker(url, { type: "module", name: "imagedb" });
  const script = URL.createObjectURL(new Blob([`import ${JSON.stringify(url)};`], { type: "text/javascript" }));
  const worker = new Worker(script, { type: "module", name: "imagedb" });
  setTimeout(() => { URL.revokeObjectURL(script); }, 60_000);
  return worker;
}

/** Whether the page's policy lets a worker start from this address. */
async function workersMayStart(): Promise<boolean> {
  if (new URL(workerUrl, import.meta.url).origin === globalThis.location.origin) return true;
  const script = URL.createObjectURL(new Blob(["postMessage(1)"], { type: "text/javascript" }));
  try {
    const worker = new Worker(script);
    const started = await new Promise<boolean>((resolve) => {
      worker.addEventListener("message", () => { resolve(true); });
      worker.addEventListener("error", () => { resolve(false); });
    });
    worker.terminate();
    return started;
  } catch {
    return false;
  } finally {
    URL.revokeObjectURL(script);
  }
}
