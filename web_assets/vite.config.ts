import { join } from "node:path";
import { defineConfig } from "vite";
import { againPlugin } from "./build/again.ts";
import { bootPlugin } from "./build/boot.ts";
import { gzipPlugin } from "./build/gzip.ts";
import { noticesPlugin } from "./build/notices.ts";
import { portablePlugin } from "./build/portable.ts";
import { serviceWorkerPlugin } from "./build/service-worker.ts";
import { slimPlugin } from "./build/slim.ts";
import { watPlugin } from "./build/wat.ts";

const here = import.meta.dirname;
const plugins = (main = false) => [watPlugin(), gzipPlugin(), slimPlugin(), againPlugin(), noticesPlugin(main)];
/** 16 hexadecimal digits, as everything in a site is named (docs/FORMAT.md, section 1). */
const names = {
  hashCharacters: "hex" as const,
  entryFileNames: "assets/[name].[hash:16].js",
  chunkFileNames: "assets/[name].[hash:16].js",
  assetFileNames: "assets/[name].[hash:16][extname]",
};

/** The scripts of a portable site. */
const portable = {
  boot: join(here, "src/portable/boot.ts"),
  page: join(here, "src/portable/page.ts"),
  engine: join(here, "src/portable/worker.ts"),
};

/**
 * The application: what `imagedb-site build` copies into a site. `.vite/manifest.json` gives the pages' writer
 * the hashed names. The public library, `imagedb.js`, is a second build: vite.library.config.ts.
 */
export default defineConfig({
  root: here,
  base: "./",
  publicDir: false,
  plugins: [
    ...plugins(true), serviceWorkerPlugin({ worker: join(here, "src/sw/sw.ts"), api: join(here, "src/http/worker.ts") }, () => plugins()), bootPlugin(join(here, "src/boot/boot.ts")),
    portablePlugin(here, () => plugins(), portable),
  ],
  worker: {
    format: "es",
    plugins: () => plugins(),
    // What the first view needs is one file, and what the first search needs another, although scripts that are loaded later use parts of them.
    rolldownOptions: {
      output: { ...names, codeSplitting: { groups: [{ name: "main", tags: ["$initial"], priority: 2 }, { name: "columns", test: /\/engine\/site-columns\.ts$/, priority: 1.5 }, { name: "whole", test: /\/worker\/whole\.ts$|rolldown\/runtime/, priority: 1 }] } },
      checks: { pluginTimings: false },
    },
  },
  build: {
    target: "es2022",
    outDir: join(here, "../builder/imagedb_site/_web"),
    emptyOutDir: true,
    manifest: true,
    modulePreload: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1024,
    reportCompressedSize: false,
    rolldownOptions: {
      input: { app: join(here, "src/ui/main.tsx") },
      // What the first screen needs is one file, although scripts that are loaded later use parts of it.
      output: { ...names, codeSplitting: { groups: [{ name: "app", tags: ["$initial"] }] } },
      checks: { pluginTimings: false },
    },
  },
});
