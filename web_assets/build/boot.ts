/**
 * Vite plugin: builds the page's first script, `boot.js` at the root, in ES5, since it also explains to an old browser why
 * nothing else runs. The page's writer puts it into the page.
 */
import ts from "typescript";
import { build, type Plugin } from "vite";

export function bootPlugin(entry: string): Plugin {
  return {
    name: "imagedb:boot",
    apply: "build",
    async generateBundle() {
      this.emitFile({ type: "asset", fileName: "boot.js", source: await bootScript(entry) });
    },
  };
}

async function bootScript(entry: string): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: "warn",
    build: { write: false, lib: { entry, formats: ["iife"], name: "imagedbBootScript", fileName: () => "boot.js" } },
  });
  const [output] = Array.isArray(result) ? result : [result];
  const chunk = output && "output" in output ? output.output.find((file) => file.type === "chunk") : undefined;
  if (!chunk) throw new Error("The page's first script was not built.");
  const { outputText } = ts.transpileModule(chunk.code, { compilerOptions: { target: ts.ScriptTarget.ES5, module: ts.ModuleKind.None } });
  // ES5 has no text over several lines, so indentation means nothing.
  const code = outputText.replace(/^\s+/gm, "").trim() + "\n";
  if (/<\/script|<!--/i.test(code)) throw new Error("The page's first script contains markup, so it cannot stand in a page.");
  return code;
}
