/**
 * Vite plugin: leaves out parts of packages that we do not use. The ONNX runtime would make the bundler emit its `.wasm` uncompressed
 * beside the one we ship (the engine hands it the bytes).
 * Each replacement must match: if an update of a package changes the line, the build fails.
 */
import type { Plugin } from "vite";

const REPLACEMENTS: { file: string; from: RegExp; to: string }[] = [
  { file: "/onnxruntime-web/dist/ort.wasm.bundle.min.mjs", from: /new URL\("ort-wasm-simd-threaded\.wasm",import\.meta\.url\)\.href/g, to: '"ort.wasm"' },
];

export function slimPlugin(): Plugin {
  return {
    name: "imagedb:slim",
    enforce: "pre",
    apply: "build",
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
