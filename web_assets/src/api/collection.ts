/** A collection behind a worker: the `Collection` of browsers. */
import type { Manifest } from "../engine/types";
import type { WorkerClient } from "../worker/client";
import type { Collection } from "./types";

/** @param additions whether the client opened the site with the pictures of this device */
export function workerCollection(client: WorkerClient, manifest: Manifest, additions = false): Collection {
  return {
    ...client.methods("collection"),
    manifest,
    onProgress: (listener) => client.onProgress(listener),
    close: () => { client.close(); },
    ...(additions ? { additions: { ...client.methods("additions"), onChange: (listener) => client.onAdditions(listener) } } : {}),
  };
}
