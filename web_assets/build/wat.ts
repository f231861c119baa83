/** Vite plugin: assembles `.wat` files with wabt and puts their bytes into the module, in base64. */
import { readFile } from "node:fs/promises";
import type { Plugin } from "vite";
import wabt from "wabt";

export function watPlugin(): Plugin {
  return {
    name: "imagedb:wat",
    enforce: "pre",
    async load(id) {
      if (!id.endsWith(".wat")) return null;
      const source = await readFile(id, "utf8");
      const tools = await wabt();
      const features = { simd: true };
      const module = tools.parseWat(id, source, features);
      module.validate();
      const base64 = Buffer.from(module.toBinary({}).buffer).toString("base64");
      module.destroy();
      return `const code = ${JSON.stringify(base64)};
export const wasmBytes = () => Uint8Array.from(atob(code), (character) => character.charCodeAt(0));
`;
    },
  };
}
