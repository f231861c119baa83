/** A collection behind a worker: the `Collection` of browsers. */
import type { Manifest } from "../engine/types";
import { WorkerClient, type Program, type WorkerLike } from "../worker/client";
import type { Collection, OpenOptions } from "./types";

/**
 * Open a site in a worker.
 * @param start starts the worker, also again if it stops
 * @param url absolute address of the site
 * @param program as for WorkerClient
 * @throws LoadError if it cannot be fetched, FormatError if it is not a site that this program reads
 */
export async function openWorker(start: () => WorkerLike, url: string, options: OpenOptions, program: Program | null = null): Promise<Collection> {
  const client = new WorkerClient(start, url, options.additions, program, options.search);
  try {
    return workerCollection(client, await client.open(options.signal), options.additions);
  } catch (error) {
    client.close();
    throw error;
  }
}

/** @param additions whether the client opened the site with the pictures of this device */
export function workerCollection(client: WorkerClient, manifest: Manifest, additions = false): Collection {
  return {
    ...client.methods("collection"),
    manifest,
    onProgress: (listener) => client.onProgress(listener),
    pictures: (loading) => { client.pictures(loading); },
    requests: () => client.requests(),
    close: () => { client.close(); },
    ...(additions ? { additions: { ...client.methods("additions"), onChange: (listener) => client.onAdditions(listener) } } : {}),
  };
}
