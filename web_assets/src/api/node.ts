/** `open` for Node in a checkout: WebAssembly from the installed packages, and a site may also be a folder on the disk. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Assets } from "../engine/index";
import { fetchAnything, fileAddress } from "./files";
import { openLocally } from "./local";
import type { Collection, OpenOptions } from "./types";

export { QueryError } from "../engine/index";
export { FormatError, LoadError } from "../format/errors";
export type * from "./types";

const require = createRequire(import.meta.url);
const packageFile = (specifier: string) => async () => new Uint8Array(await readFile(require.resolve(specifier)));

/** The WebAssembly files of the installed packages. */
const nodeAssets: Assets = {
  runtime: packageFile("onnxruntime-web/ort-wasm-simd-threaded.wasm"),
};

/**
 * Open a published site.
 * @param url an http(s) or file address, or a path, of the site's folder or its manifest.json
 * @throws LoadError if it cannot be fetched, FormatError if it is not a site that this program reads
 */
export async function open(url: string, options: OpenOptions = {}): Promise<Collection> {
  return await openLocally(fileAddress(url), nodeAssets, { fetch: fetchAnything, ...options });
}
