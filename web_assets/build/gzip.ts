/**
 * Vite plugin: `import entry from "package/file?gzip"` ships the file gzip-compressed, as `.bin`, since not every
 * host compresses WebAssembly, and gives what is needed to fetch it: `{url, bytes, raw_bytes, sha256}`.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const SUFFIX = "?gzip";

export function gzipPlugin(): Plugin {
  let serving = false;
  return {
    name: "imagedb:gzip",
    enforce: "pre",
    configResolved(config) {
      serving = config.command === "serve";
    },
    async resolveId(source, importer) {
      if (!source.endsWith(SUFFIX)) return null;
      const found = await this.resolve(source.slice(0, -SUFFIX.length), importer, { skipSelf: true });
      return found && found.id.replace(/\?.*$/, "") + SUFFIX;
    },
    async load(id) {
      if (!id.endsWith(SUFFIX)) return null;
      const file = id.slice(0, -SUFFIX.length);
      const raw = await readFile(file);
      // node:zlib writes neither a file name nor a time stamp, so the result is repeatable.
      const packed = serving ? raw : gzipSync(raw, { level: 9 });
      const url = serving
        ? JSON.stringify(`/@fs${file}`)
        : `import.meta.ROLLUP_FILE_URL_${this.emitFile({ type: "asset", name: `${basename(file, ".wasm")}.bin`, source: packed })}`;
      const sha256 = createHash("sha256").update(packed).digest("hex");
      return `export default { url: ${url}, bytes: ${packed.length}, raw_bytes: ${raw.length}, sha256: "${sha256}" };\n`;
    },
  };
}
