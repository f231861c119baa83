import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { packagesPlugin } from "./build/packages.ts";
import { watPlugin } from "./build/wat.ts";

const repository = join(import.meta.dirname, "..");

export default defineConfig({
  root: repository,
  plugins: [watPlugin(), packagesPlugin(import.meta.dirname)],
  // Long enough for property tests on a busy machine; no test measures time.
  test: {
    include: ["tests/web/**/*.test.{ts,tsx}"],
    environment: "node",
    testTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
