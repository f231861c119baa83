import { join } from "node:path";
import { defineConfig } from "vite";
import { gzipPlugin } from "./build/gzip.ts";
import { packagesPlugin } from "./build/packages.ts";
import { watPlugin } from "./build/wat.ts";

const here = import.meta.dirname;

/** The gallery of all states of the interface, for tests and for looking at. It is not part of a site. */
export default defineConfig({
  root: join(here, "../tests/gallery"),
  base: "./",
  publicDir: false,
  plugins: [watPlugin(), gzipPlugin(), packagesPlugin(here)],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  worker: { format: "es", plugins: () => [watPlugin(), gzipPlugin()] },
  build: {
    target: "es2022",
    outDir: process.env["GALLERY"] ?? join(here, "../.cache/gallery"),
    emptyOutDir: true,
    modulePreload: false,
    chunkSizeWarningLimit: 2048,
    reportCompressedSize: false,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});
