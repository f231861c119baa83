import { join } from "node:path";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { watPlugin } from "./build/wat.ts";

const repository = join(import.meta.dirname, "..");

/** The tests lie beside this folder, where no node_modules is in sight: resolve packages from here. */
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
  // Long enough for property tests on a busy machine; no test is about time.
  test: {
    include: ["tests/web/**/*.test.{ts,tsx}"],
    environment: "node",
    testTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
