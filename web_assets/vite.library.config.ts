import { join } from "node:path";
import { defineConfig } from "vite";
import { againPlugin } from "./build/again.ts";
import { declarationsPlugin } from "./build/declarations.ts";
import { gzipPlugin } from "./build/gzip.ts";
import { slimPlugin } from "./build/slim.ts";
import { watPlugin } from "./build/wat.ts";

const here = import.meta.dirname;
const plugins = () => [watPlugin(), gzipPlugin(), slimPlugin(), againPlugin()];
/** WebAssembly files get the same names as in the application's build, so that a site has each of them only once. */
const names = {
  hashCharacters: "hex" as const,
  chunkFileNames: "lib/[name].[hash:16].js",
  assetFileNames: "assets/[name].[hash:16][extname]",
};

/**
 * The public library: `imagedb.js` and its types, for pages anywhere and for Node. It is built after the application,
 * into the same folder, and published with every site.
 */
export default defineConfig({
  root: here,
  base: "./",
  publicDir: false,
  plugins: [...plugins(), declarationsPlugin(join(here, "src/api/library.ts"))],
  worker: {
    format: "es",
    plugins,
    rolldownOptions: { output: { ...names, entryFileNames: "lib/[name].[hash:16].js" } },
  },
  build: {
    target: "es2022",
    outDir: join(here, "../builder/imagedb_site/_web"),
    emptyOutDir: false,
    modulePreload: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1024,
    reportCompressedSize: false,
    rolldownOptions: {
      input: { imagedb: join(here, "src/api/library.ts") },
      preserveEntrySignatures: "strict",
      // Generating the declarations takes seconds in the type checker, so Vite's warning about it is switched off.
      checks: { bundlerTimings: false },
      output: { ...names, entryFileNames: "imagedb.js" },
    },
  },
});
