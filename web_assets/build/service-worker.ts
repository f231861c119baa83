/**
 * Vite plugin: builds the service worker as one classic script, `sw.js` at the root. Its address must never
 * change, and not every browser supports service workers that import modules. The HTTP API is a second classic script, which the
 * worker loads by its name.
 */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { build, type Plugin } from "vite";

/** What the API has no use for, so that its code is left out: packages that only the model needs, and the map, the objects, timelines and histograms, which no address of the API asks for. */
const LEFT_OUT = ["onnxruntime-web/wasm", "@huggingface/tokenizers", "./map/map", "./objects/objects", "./timeline", "./histogram"];

/** Scripts that the page loads later and the API always needs, by the file that loads them. */
const NEEDED: Record<string, string> = { "engine.ts": "./counts", "published.ts": "./site-columns" };

/** @param entries the worker and the API; `plugins` of the application, which the API's engine needs */
export function serviceWorkerPlugin(entries: { worker: string; api: string }, plugins: () => Plugin[]): Plugin {
  return {
    name: "imagedb:service-worker",
    apply: "build",
    async generateBundle() {
      const api = await classicScript(entries.api, [withoutParts(), ...plugins()], {});
      const hash = createHash("sha256").update(api).digest("hex").slice(0, 16);
      const fileName = `lib/http.${hash}.js`;
      this.emitFile({ type: "asset", fileName, source: api });
      const worker = await classicScript(entries.worker, [], { HTTP_SCRIPT: JSON.stringify(fileName) });
      this.emitFile({ type: "asset", fileName: "sw.js", source: worker });
    },
  };
}

function withoutParts(): Plugin {
  const id = "\0imagedb:left-out";
  return {
    name: "imagedb:without-parts",
    enforce: "pre",
    resolveId: (source) => (LEFT_OUT.includes(source) ? id : null),
    load: (asked) => (asked === id ? "export {};" : null),
    // A part that the API needs costs less as one of its own modules: in one script everything that a part imports would be wrapped in a function.
    transform(code, asked) {
      const [, file = ""] = /\/engine\/([^/]+)$/.exec(asked.replaceAll("\\", "/")) ?? [];
      const needed = NEEDED[file];
      if (needed === undefined) return null;
      const lazy = `import("${needed}")`;
      if (!code.includes(lazy)) this.error(`${file} no longer contains ${lazy}.`);
      return { code: `import * as neededPart from "${needed}";\n${code.replace(lazy, "Promise.resolve(neededPart)")}`, map: null };
    },
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
