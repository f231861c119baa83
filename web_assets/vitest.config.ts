import { join } from "node:path";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { watPlugin } from "./build/wat.ts";

const repository = join(import.meta.dirname, "..");

/** The tests are outside this folder and have no node_modules of their own: resolve packages from here. */
function packagesFromHere(): Plugin {
  return {
    name: "imagedb:packages",
    enforce: "pre",
    resolveId(source, importer) {
      if (!importer?.startsWith(join(repository, "tests")) || /^[./\0]|^(node|virtual):/.test(source)) return null;
      return this.resolve(source, join(import.meta.dirname, "vitest.config.ts"), { skipSelf: true });
    },
  };
}

export default defineConfig({
  root: repository,
  plugins: [watPlugin(), packagesFromHere()],
  // Long enough for property tests on a busy machine; no test measures time.
  test: {
    include: ["tests/web/**/*.test.{ts,tsx}"],
    environment: "node",
    testTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
