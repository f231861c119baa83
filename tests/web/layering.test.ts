/** The import directions of docs/ARCHITECTURE.md. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { repository } from "./support/files";

const source = join(repository, "web_assets", "src");

/** What each folder may import in addition to `base`; `types` may be imported as types only, which add no code. */
const ALLOWED: Record<string, { folders: string[]; types?: string[]; packages: string[] }> = {
  base: { folders: [], packages: [] },
  format: { folders: [], packages: [] },
  kernel: { folders: [], packages: [] },
  catalog: { folders: ["format"], packages: [] },
  encoder: { folders: ["format"], packages: ["@huggingface/tokenizers", "onnxruntime-web"] },
  engine: { folders: ["format", "kernel", "catalog", "encoder"], packages: [] },
  additions: { folders: ["format", "kernel", "catalog", "encoder", "engine"], packages: ["fflate", "idb"] },
  worker: { folders: ["engine", "additions", "format"], types: ["encoder"], packages: ["onnxruntime-web", "exifr", "thumbhash"] },
  api: { folders: ["worker", "format"], types: ["engine", "additions"], packages: [] },
  ui: { folders: ["api"], types: ["engine", "format"], packages: ["preact", "thumbhash", "justified-layout", "idb", "fflate", "three", "openseadragon"] },
  portable: { folders: ["api", "worker", "ui", "format"], packages: [] },
  // The same addresses as those of the builder's server, and the description of them that it reads too.
  http: { folders: ["engine", "catalog", "format", ".."], packages: [] },
  sw: { folders: ["format"], types: ["http"], packages: [] },
  // Runs before everything else, in any browser.
  boot: { folders: [], packages: [] },
};
/** Files with their own rules: code of the page must not import the engine, code for Node may. */
const FILES: Record<string, { folders: string[]; types?: string[] }> = {
  // Data that the builder reads as well.
  "base/emoji-names.ts": { folders: [".."] },
  "worker/client.ts": { folders: ["format"], types: ["engine", "additions"] },
  "worker/methods.ts": { folders: [], types: ["engine", "additions"] },
  "worker/messages.ts": { folders: ["format"], types: ["engine", "additions"] },
  "api/node.ts": { folders: ["engine", "format"], types: [] },
  "api/local.ts": { folders: ["engine", "worker"], types: [] },
  "ui/main.tsx": { folders: ["api"], types: ["boot"] },
  "portable/page.ts": { folders: ["ui"], types: ["boot"] },
  "portable/worker.ts": { folders: ["engine", "additions", "worker"] },
  "http/worker.ts": { folders: ["engine", "format", "worker"] },
  // The messages between the page and its service worker.
  "ui/offline.ts": { folders: ["api", "sw"], types: ["engine", "format"] },
};

interface Import {
  from: string;
  target: string;
  typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(source, file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const found = [
    ...text.matchAll(/(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/g),
    ...[...text.matchAll(/(import)(\()\s*"([^"]+)"/g)].filter((match) => !isTypeQuery(text, match.index)),
  ];
  return found.map((match) => ({ from: file, target: match[3]!, typeOnly: match[2]?.startsWith("type") ?? false }));
}

/** `typeof import("…")` is a type. */
function isTypeQuery(text: string, at: number): boolean {
  return text.slice(0, at).trimEnd().endsWith("typeof");
}

const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".d.ts"));

const violations: string[] = [];
for (const file of files) {
  const folder = file.split("/")[0]!;
  const rules = ALLOWED[folder];
  for (const { target, typeOnly } of importsOf(file)) {
    const local = target.startsWith(".") ? relative(source, join(source, dirname(file), target)).replaceAll("\\", "/").split("/")[0]! : null;
    if (local === folder || local === "base") continue;
    const { folders, types = [] } = FILES[file] ?? rules ?? { folders: [] };
    const fine = local === null
      ? target.startsWith("node:") ? file === "api/node.ts" : (rules?.packages ?? []).some((name) => target === name || target.startsWith(`${name}/`))
      : folders.includes(local) || (typeOnly && types.includes(local));
    if (!fine) violations.push(`${file} imports ${target}`);
  }
}

/** Which files each file imports, including type imports. */
const graph = new Map(files.map((file) => [file, importedFiles(file)]));

function importedFiles(file: string): string[] {
  const known = new Set(files);
  const text = readFileSync(join(source, file), "utf8");
  const types = [...text.matchAll(/typeof import\("([^"]+)"\)/g)].map((match) => match[1]!);
  return [...importsOf(file).map(({ target }) => target), ...types].filter((target) => target.startsWith(".")).flatMap((target) => {
    const path = relative(source, join(source, dirname(file), target.replace(/\?.*$/, ""))).replaceAll("\\", "/");
    return [path, `${path}.ts`, `${path}.tsx`, `${path}/index.ts`].filter((candidate) => known.has(candidate)).slice(0, 1);
  });
}

/** The strongly connected components of more than one file, and files that import themselves (Tarjan). */
function circles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file)!);
    stack.push(file);
    for (const next of edges.get(file) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(file, Math.min(low.get(file)!, low.get(next)!));
    }
    if (low.get(file) !== index.get(file)) return;
    const part = stack.splice(stack.indexOf(file));
    if (part.length > 1 || edges.get(file)?.includes(file)) found.push(part.sort());
  };
  for (const file of edges.keys()) if (!index.has(file)) visit(file);
  return found.sort((a, b) => (a[0]! < b[0]! ? -1 : 1));
}

describe("imports", () => {
  it("are found", () => {
    expect(importsOf("engine/resources.ts").map(({ target }) => target)).toEqual(expect.arrayContaining(["../catalog/index", "../format/index", "./types"]));
    expect(importsOf("worker/assets.ts")).toEqual(expect.arrayContaining([
      { from: "worker/assets.ts", target: "../engine/index", typeOnly: true },
      { from: "worker/assets.ts", target: "../format/load", typeOnly: false },
    ]));
    expect(files.length).toBeGreaterThan(40);
  });

  it("go in one direction", () => {
    expect(violations).toEqual([]);
  });

  it("never form a cycle, neither of types nor of code", () => {
    expect([...graph.values()].flat().length).toBeGreaterThan(300);
    expect(circles(graph)).toEqual([]);
  });

  it("that form a cycle are found by this test", () => {
    const made = new Map([["a", ["b"]], ["b", ["c", "d"]], ["c", ["a"]], ["d", []], ["e", ["e"]]]);
    expect(circles(made)).toEqual([["a", "b", "c"], ["e"]]);
  });

  it("belong to a known folder", () => {
    expect([...new Set(files.map((file) => file.split("/")[0]!))].filter((folder) => !ALLOWED[folder])).toEqual([]);
  });
});
