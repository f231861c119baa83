/** `open` for Node: the engine runs in the same thread, and a site may also be a folder of the disk. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Engine, type Assets } from "../engine/index";
import type { LoadProgress } from "../engine/types";
import type { Collection, OpenOptions } from "./types";

export { QueryError } from "../engine/index";
export { FormatError, LoadError } from "../format/errors";
export type * from "./types";

const require = createRequire(import.meta.url);
const packageFile = (specifier: string) => async () => new Uint8Array(await readFile(require.resolve(specifier)));

/** The WebAssembly files of the installed packages. */
export const nodeAssets: Assets = {
  sqlite: packageFile("@sqlite.org/sqlite-wasm/sqlite3.wasm"),
  runtime: packageFile("onnxruntime-web/ort-wasm-simd-threaded.wasm"),
};

/**
 * Open a published site.
 * @param url an http(s) or file address, or a path, of the site's folder or its manifest.json
 * @throws LoadError where it cannot be fetched, FormatError where it is no site this program reads
 */
export async function open(url: string, options: OpenOptions = {}): Promise<Collection> {
  const listeners = new Set<(progress: LoadProgress) => void>();
  const { signal } = options;
  const address = /^(https?|file):/.test(url) ? url : pathToFileURL(resolve(url)).href;
  const engine = await Engine.open(address, {
    assets: nodeAssets,
    fetch: options.fetch ?? fetchAnything,
    onProgress: (progress) => { for (const listener of listeners) listener(progress); },
    ...(signal ? { signal } : {}),
  });
  return {
    manifest: engine.manifest,
    search: (request, options) => engine.search(request, options),
    rows: (rows) => engine.rows(rows),
    document: (row) => engine.document(row),
    rowOf: (id) => engine.rowOf(id),
    highlight: (row, text) => engine.highlight(row, text),
    facets: (field, options) => engine.facets(field, options),
    range: (field) => engine.range(field),
    embedImage: (pixels) => engine.embedImage(pixels),
    warm: () => engine.warm(),
    onProgress: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => { void engine.close(); },
  };
}

/** `fetch` that also reads `file:` addresses; a file that cannot be read is answered with 404. */
const fetchAnything: typeof fetch = async (input, init) => {
  const url = input instanceof Request ? input.url : String(input);
  if (!url.startsWith("file:")) return await fetch(input, init);
  init?.signal?.throwIfAborted();
  const content = await readFile(fileURLToPath(url)).catch(() => null);
  return content ? new Response(new Uint8Array(content)) : new Response(null, { status: 404 });
};
