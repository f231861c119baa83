/**
 * Vite plugin: leaves out parts of packages that we do not use. SQLite and the ONNX runtime would make the bundler emit their `.wasm`
 * uncompressed beside the one we ship (the engine hands them the bytes), and SQLite's browser build carries a
 * worker and file-system code that only writers need, so we use its Node build with the check for Node switched off.
 * Each replacement must match: if an update of a package changes the line, the build fails.
 */
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const REPLACEMENTS: { file: string; from: RegExp; to: string }[] = [
  { file: "/@sqlite.org/sqlite-wasm/dist/node.mjs", from: /ENVIRONMENT_IS_NODE = true/g, to: "ENVIRONMENT_IS_NODE = false" },
  { file: "/@sqlite.org/sqlite-wasm/dist/node.mjs", from: /new URL\("sqlite3\.wasm", import\.meta\.url\)\.href/g, to: '"sqlite3.wasm"' },
  { file: "/@sqlite.org/sqlite-wasm/dist/node.mjs", from: /await import\("node:module"\)/g, to: "{}" },
  { file: "/onnxruntime-web/dist/ort.wasm.bundle.min.mjs", from: /new URL\("ort-wasm-simd-threaded\.wasm",import\.meta\.url\)\.href/g, to: '"ort.wasm"' },
];

export function slimPlugin(): Plugin {
  return {
    name: "imagedb:slim",
    enforce: "pre",
    apply: "build",
    resolveId(source) {
      if (source !== "@sqlite.org/sqlite-wasm") return null;
      return fileURLToPath(new URL("./node.mjs", import.meta.resolve("@sqlite.org/sqlite-wasm")));
    },
    transform(code, id) {
      const wanted = REPLACEMENTS.filter(({ file }) => id.replaceAll("\\", "/").endsWith(file));
      if (!wanted.length) return null;
      for (const { file, from, to } of wanted) {
        const changed = code.replace(from, to);
        if (changed === code) this.error(`${file} no longer contains ${String(from)}.`);
        code = changed;
      }
      return { code, map: null };
    },
  };
}
