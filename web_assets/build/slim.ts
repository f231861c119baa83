/**
 * Vite plugin: leaves out parts of packages that we do not use. The ONNX runtime would make the bundler emit its `.wasm` uncompressed
 * beside the one we ship (the engine hands it the bytes). OpenSeadragon would write markup and a style sheet, which the page's policy refuses.
 * Each replacement must match: if an update of a package changes the line, the build fails.
 */
import type { Plugin } from "vite";

const OPENSEADRAGON = "/openseadragon/build/openseadragon/openseadragon.js";

const REPLACEMENTS: { file: string; from: RegExp; to: string }[] = [
  { file: "/onnxruntime-web/dist/ort.wasm.bundle.min.mjs", from: /new URL\("ort-wasm-simd-threaded\.wasm",import\.meta\.url\)\.href/g, to: '"ort.wasm"' },
  // As a CommonJS module it would need a script that the page's first one shares.
  { file: OPENSEADRAGON, from: /\/\/ Universal Module Definition[\s\S]*?\}\(this, OpenSeadragon\)\);/, to: "export default OpenSeadragon;" },
  { file: OPENSEADRAGON, from: /\.innerHTML = "";/g, to: ".replaceChildren();" },
  { file: OPENSEADRAGON, from: /if \(!document\.querySelector\('style\[data-openseadragon-mobile-css\]'\)\)/, to: "if (false)" },
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
