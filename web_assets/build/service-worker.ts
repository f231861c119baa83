/**
 * Vite plugin: builds the service worker as one classic script, `sw.js` at the root. Its address must never
 * change, and not every browser supports service workers that import modules.
 */
import { basename } from "node:path";
import { build, type Plugin } from "vite";

export function serviceWorkerPlugin(entry: string): Plugin {
  return {
    name: "imagedb:service-worker",
    apply: "build",
    async generateBundle() {
      const result = await build({
        configFile: false,
        logLevel: "warn",
        build: {
          write: false,
          target: "es2022",
          lib: { entry, formats: ["iife"], name: "imagedbServiceWorker", fileName: () => "sw.js" },
        },
      });
      const [output] = Array.isArray(result) ? result : [result];
      if (!output || !("output" in output)) throw new Error("The service worker was not built.");
      const chunk = output.output.find((file) => file.type === "chunk");
      if (!chunk) throw new Error(`${basename(entry)} gives no script.`);
      this.emitFile({ type: "asset", fileName: "sw.js", source: chunk.code });
    },
  };
}
