/** The program's own WebAssembly file, as the build ships it. */
import ort from "onnxruntime-web/ort-wasm-simd-threaded.wasm?gzip";
import type { Assets, Turn } from "../engine/index";
import { loadFrom } from "../format/load";

/**
 * @param from the function that fetches them
 * @param base the address of the site's folder, for a program that does not lie in it
 */
export function assetsFrom(from: typeof fetch, base?: string): Assets {
  const load = (entry: typeof ort) => (turn: Turn) =>
    loadFrom(new URL(entry.url, base ?? import.meta.url).href, entry, { fetch: from, ...turn });
  return { runtime: load(ort) };
}
