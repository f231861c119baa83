/** `open` for the site's page: the engine runs in a worker, so that the page only draws. */
import type { Program } from "../worker/client";
import { openWorker } from "./collection";
import { workerScript } from "./trusted";
import type { Open } from "./types";

/**
 * A function that opens a published site.
 * @param program checks and replaces the files of the program if the worker does not start; null if nothing can
 */
export function opener(program: Program | null): Open {
  return async (url, options = {}) => {
    const start = () => new Worker(workerScript(), { type: "module", name: "imagedb" });
    return await openWorker(start, new URL(url, globalThis.location.href).href, options, program);
  };
}
