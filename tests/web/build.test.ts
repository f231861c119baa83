/** The web build: what a visitor downloads, its size, and that building again gives the same files. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { Linter } from "eslint";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageFile, repository } from "./support/files";

const folders = [mkdtempSync(join(tmpdir(), "imagedb-web-")), mkdtempSync(join(tmpdir(), "imagedb-web-"))];
const web = folders[0]!;
const list = (folder: string) => readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1).replaceAll("\\", "/")).sort();
const file = (path: string) => readFileSync(join(web, path));
const asset = (pattern: RegExp) => {
  const found = list(web).filter((path) => pattern.test(path));
  expect(found, String(pattern)).toHaveLength(1);
  return found[0]!;
};

beforeAll(async () => {
  // As `npm run build` does: in a test's own mode, components would carry the names of their files.
  process.env.NODE_ENV = "production";
  for (const outDir of folders) {
    await build({ configFile: join(repository, "web_assets", "vite.config.ts"), logLevel: "error", build: { outDir, emptyOutDir: true } });
  }
}, 120_000);
afterAll(() => { for (const folder of folders) rmSync(folder, { recursive: true, force: true }); });

describe("the build", () => {
  it("is the same every time", () => {
    expect(list(web).length).toBeGreaterThan(8);
    expect(list(folders[1]!)).toEqual(list(web));
    for (const path of list(web)) expect(readFileSync(join(folders[1]!, path)).equals(file(path)), path).toBe(true);
  });

  it("names everything but the service worker and the page's first script and the notices by its hash", () => {
    expect(list(web)).toEqual(expect.arrayContaining(["sw.js", "boot.js"]));
    for (const path of list(web)) expect(path).toMatch(/^(?:sw\.js|boot\.js|notices\.txt|\.vite\/manifest\.json|(?:assets|lib|portable)\/[\w.-]+\.[0-9a-f]{16}\.\w+)$/);
  });

  it("has the licence text of every package that the sources import", () => {
    const sources = readdirSync(join(repository, "web_assets", "src"), { recursive: true, encoding: "utf8" }).filter((path) => /\.tsx?$/.test(path));
    const packages = new Set(sources.flatMap((path) => {
      const code = readFileSync(join(repository, "web_assets", "src", path), "utf8");
      return [...code.matchAll(/^import (?!type ).*?from "([^"./][^"]*)"|import\("([^"./][^"]*)"\)/gm)].map((match) => (match[1] ?? match[2])!);
    }).filter((name) => !name.startsWith("node:")).map((name) => name.split("/").slice(0, name.startsWith("@") ? 2 : 1).join("/")));
    expect(packages.size).toBeGreaterThan(6);
    const notices = file("notices.txt").toString();
    for (const name of packages) expect(notices).toMatch(new RegExp(`^- ${name} [0-9]`, "m"));
    expect(notices).toContain("UNICODE LICENSE V3");
    expect(notices.match(/Permission is hereby granted/g)!.length).toBeGreaterThan(5);
  });

  it("lists the entry, its styles and its imports for the pages' writer", () => {
    const manifest = JSON.parse(file(".vite/manifest.json").toString()) as Record<string, { file: string; isEntry?: boolean; css?: string[]; imports?: string[] }>;
    const entry = manifest["src/ui/main.tsx"]!;
    expect(entry.isEntry).toBe(true);
    expect(list(web)).toEqual(expect.arrayContaining([entry.file, ...entry.css!]));
    // One file, which `integrity` covers in every browser: no part of it can be cut or changed alone.
    expect(entry.imports ?? []).toEqual([]);
  });

  it("writes the page's first script in ES5, so that old browsers can read what it says about them", () => {
    const script = file("boot.js").toString();
    const complaints = (code: string) => new Linter().verify(code, [{ languageOptions: { ecmaVersion: 5, sourceType: "script" } }]);
    expect(complaints(script)).toEqual([]);
    expect(complaints("(() => 1)()")).toHaveLength(1);
    // Code that seems to do nothing, but finds browsers that cannot read the application.
    expect(script).toContain("(?<!a)b");
    expect(gzipSync(script).length).toBeLessThan(4500);
  });

  it("gives the service worker an API that is one classic script without the model's runtime", () => {
    const api = file(asset(/^lib\/http\..*\.js$/));
    expect(api.toString()).not.toMatch(/import\.meta|^import /m);
    // One script, so it has what the page loads only for some sites, such as the reader of cells.
    expect(gzipSync(api).length).toBeLessThan(101_500);
    expect(gzipSync(file("sw.js")).length).toBeLessThan(11_800);
    expect(file("sw.js").toString()).toContain(asset(/^lib\/http\..*\.js$/));
  });

  it("starts small: the page loads neither the engine nor the model's runtime", () => {
    const app = file(asset(/^assets\/app\..*\.js$/));
    expect(gzipSync(app).length).toBeLessThan(62_000);
    expect(app.toString()).not.toMatch(/InferenceSession|fts5/);
    // What the first view needs of the engine, and what searches add to it.
    expect(gzipSync(file(asset(/^assets\/main\..*\.js$/))).length).toBeLessThan(15_000);
    expect(gzipSync(file(asset(/^assets\/whole\..*\.js$/))).length).toBeLessThan(65_000);
  });

  it("has a viewer of originals that writes no markup and no style sheet, which the page's policy refuses", () => {
    const viewer = file(asset(/^assets\/deep-viewer\..*\.js$/));
    expect(viewer.toString()).not.toMatch(/innerHTML *=[^=]|createElement\((["'`])style\1\)/);
    expect(gzipSync(viewer).length).toBeLessThan(90_000);
  });

  it("ships the WebAssembly file once, compressed, and unchanged", () => {
    expect(list(web).filter((path) => path.endsWith(".wasm"))).toEqual([]);
    expect(gunzipSync(file(asset(/ort-wasm.*\.bin$/))).equals(packageFile("onnxruntime-web/ort-wasm-simd-threaded.wasm"))).toBe(true);
  });

  it("requests nothing from other hosts", () => {
    const code = list(web).filter((path) => /\.(?:js|css)$/.test(path));
    expect(code.length).toBeGreaterThan(4);
    for (const path of code) {
      const calls = file(path).toString().match(/(?:fetch|importScripts|import|new Worker|url)\(\s*["'`]?https?:\/\/[^)]*/g);
      expect(calls, path).toBeNull();
    }
  });

  it("builds the service worker as one classic script", () => {
    const script = file("sw.js").toString();
    expect(script).not.toMatch(/^\s*(?:import|export)\b/m);
    expect(() => new Function(script)).not.toThrow();
  });
});
