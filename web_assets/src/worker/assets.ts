/** The program's own WebAssembly files, as the build ships them. */
import ort from "onnxruntime-web/ort-wasm-simd-threaded.wasm?gzip";
import sqlite from "@sqlite.org/sqlite-wasm/sqlite3.wasm?gzip";
import type { Assets, ByteProgress } from "../engine/index";
import { loadFrom } from "../format/load";

const load = (entry: typeof ort) => (onProgress: ByteProgress) => loadFrom(entry.url, entry, { fetch, onProgress });

export const assets: Assets = { sqlite: load(sqlite), runtime: load(ort) };
