/** Lets files of `tests` use the packages of `web_assets`: they are outside this folder and have no node_modules of their own. */
import { join } from "node:path";
import type { Plugin } from "vite";

/** @param here the folder `web_assets` */
export function packagesPlugin(here: string): Plugin {
  const tests = join(here, "../tests");
  return {
    name: "imagedb:packages",
    enforce: "pre",
    resolveId(source, importer) {
      if (!importer?.startsWith(tests) || /^[./\0]|^(node|virtual):/.test(source)) return null;
      return this.resolve(source, join(here, "vite.config.ts"), { skipSelf: true });
    },
  };
}
