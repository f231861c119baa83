/**
 * Vite plugin: builds the service worker as one classic script, `sw.js` at the root. Its address must never
 * change, and not every browser supports service workers that import modules. The HTTP API is a second classic script, which the
 * worker loads by its name.
 */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { build, type Plugin } from "vite";

/** Packages that only the model needs. The API has no model, so their code is left out. */
const MODEL_PACKAGES = ["onnxruntime-web/wasm", "@huggingface/tokenizers"];

/** @param entries the worker and the API; `plugins` of the application, which the API's engine needs */
export function serviceWorkerPlugin(entries: { worker: string; api: string }, plugins: () => Plugin[]): Plugin {
  return {
    name: "imagedb:service-worker",
    apply: "build",
    async generateBundle() {
      const api = await classicScript(entries.api, [withoutModel(), ...plugins()], {});
      const hash = createHash("sha256").update(api).digest("hex").slice(0, 16);
      const fileName = `lib/http.${hash}.js`;
      this.emitFile({ type: "asset", fileName, source: api });
      const worker = await classicScript(entries.worker, [], { HTTP_SCRIPT: JSON.stringify(fileName) });
      this.emitFile({ type: "asset", fileName: "sw.js", source: worker });
    },
  };
}

function withoutModel(): Plugin {
  const id = "\0imagedb:no-model";
  return {
    name: "imagedb:without-model",
    enforce: "pre",
    resolveId: (source) => (MODEL_PACKAGES.includes(source) ? id : null),
    load: (asked) => (asked === id ? "export {};" : null),
  };
}

async function classicScript(entry: string, plugins: Plugin[], define: Record<string, string>): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: "warn",
    plugins,
    define,
    // Relative to the site's folder, from which the API loads its files.
    experimental: { renderBuiltUrl: (file) => ({ runtime: JSON.stringify(file) }) },
    build: {
      write: false,
      target: "es2022",
      assetsInlineLimit: 0,
      lib: { entry, formats: ["iife"], name: "imagedbServiceWorker", fileName: () => "worker.js" },
      rolldownOptions: {
        output: { codeSplitting: false, hashCharacters: "hex", assetFileNames: "assets/[name].[hash:16][extname]" },
        checks: { pluginTimings: false, emptyImportMeta: false },
      },
    },
  });
  const [output] = Array.isArray(result) ? result : [result];
  const chunk = output && "output" in output ? output.output.find((file) => file.type === "chunk") : undefined;
  if (!chunk) throw new Error(`${basename(entry)} gives no script.`);
  return chunk.code;
}
