/**
 * Vite plugin: builds the scripts that start a portable site from the disk (docs/FORMAT.md 2.13). Such a page may use neither modules
 * nor files of its worker. Each is one classic script, named by the SHA-256 of its content.
 */
import { createHash } from "node:crypto";
import { build, type Plugin } from "vite";

/** The worker's script only defines a function: its text is what the worker runs. */
const wrapped = (name: string, code: string): string =>
  name === "engine" ? `self.imagedbPortable.engine=function(){${code}\n};\n` : code;

/** @param plugins of the application; `entries` by the name of the script */
export function portablePlugin(root: string, plugins: () => Plugin[], entries: Record<string, string>): Plugin {
  return {
    name: "imagedb:portable",
    apply: "build",
    async generateBundle() {
      for (const [name, entry] of Object.entries(entries)) {
        const source = wrapped(name, await classicScript(root, plugins(), entry));
        const hash = createHash("sha256").update(source).digest("hex").slice(0, 16);
        this.emitFile({ type: "asset", fileName: `portable/${name}.${hash}.js`, source });
      }
    },
  };
}

async function classicScript(root: string, plugins: Plugin[], entry: string): Promise<string> {
  const result = await build({
    configFile: false,
    root,
    logLevel: "warn",
    plugins,
    // Relative to the site's folder; the worker knows where that is.
    experimental: { renderBuiltUrl: (file) => ({ runtime: JSON.stringify(file) }) },
    build: {
      write: false,
      target: "es2022",
      assetsInlineLimit: 0,
      lib: { entry, formats: ["iife"], name: "imagedbPortableSite", fileName: () => "portable.js" },
      rolldownOptions: {
        output: { codeSplitting: false, hashCharacters: "hex", assetFileNames: "assets/[name].[hash:16][extname]" },
        // Scripts have no `import.meta`; the packages look into it only to find files that they are given here.
        checks: { pluginTimings: false, emptyImportMeta: false },
      },
    },
  });
  const [output] = Array.isArray(result) ? result : [result];
  const chunk = output && "output" in output ? output.output.find((file) => file.type === "chunk") : undefined;
  if (!chunk) throw new Error(`${entry} gives no script.`);
  return chunk.code;
}
