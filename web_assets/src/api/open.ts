/** `open` for browsers: the engine runs in a worker, so that the page only draws. */
import { WorkerClient } from "../worker/client";
import { workerCollection } from "./collection";
import type { Open } from "./types";

/**
 * Open a published site.
 * @param url the address of the site's folder or of its manifest.json, relative to the page
 * @throws LoadError if it cannot be fetched, FormatError if it is not a site that this program reads
 */
export const open: Open = async (url, options = {}) => {
  const start = () => new Worker(new URL("../worker/main.ts", import.meta.url), { type: "module", name: "imagedb" });
  const client = new WorkerClient(start, new URL(url, globalThis.location.href).href, options.additions);
  try {
    return workerCollection(client, await client.open(options.signal), options.additions);
  } catch (error) {
    client.close();
    throw error;
  }
};
