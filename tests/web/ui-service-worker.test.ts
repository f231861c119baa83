import { describe, expect, it } from "vitest";

import type { FileEntry, Manifest } from "../../web_assets/src/format";
import { partsOf } from "../../web_assets/src/sw/parts";
import { kindOf, pathInside, warming, type Asked, type Shell } from "../../web_assets/src/sw/policy";
import { decoded, golden, json } from "./support/files";
import { serveTiny } from "./support/site";

const scope = "https://example.org/folder/";
const shell: Shell = {
  version: "0".repeat(16),
  files: [["index.html", 900], ["assets/app.0123456789abcdef.js", 90_000], ["assets/ort.0123456789abcdef.bin", 4 << 20]]
    .map(([path, bytes]) => ({ path: path as string, bytes: bytes as number, sha256: "0".repeat(64) })),
};
const tiny = json<Manifest>(golden, "site-tiny", "manifest.json");
const read = (entry: FileEntry) => Promise.resolve(decoded(golden, "site-tiny", entry.path));
const pathsOf = (files: { path: string }[]) => files.map(({ path }) => path);
const kind = (path: string, more: Partial<Asked> = {}): string =>
  kindOf({ url: new URL(path, scope).href, method: "GET", range: false, navigates: false, ...more }, scope, shell);

describe("requests to the service worker", () => {
  it("are recognised for pages, the application, data and pictures", () => {
    expect(kind("", { navigates: true })).toBe("page");
    expect(kind("index.html?q=cat", { navigates: true })).toBe("page");
    expect(kind("manifest.json")).toBe("mutable");
    expect(kind("assets/app.0123456789abcdef.js")).toBe("shell");
    expect(kind("data/catalog.0123456789abcdef.bin")).toBe("data");
    expect(kind("model/tokens.0123456789abcdef.bin")).toBe("data");
    expect(kind("thumbs/0123456789abcdef.webp")).toBe("thumbnail");
    expect(kind("views/0123456789abcdef.webp")).toBe("view");
  });

  it("are passed on to the network in all other cases", () => {
    expect(kind("data/catalog.0123456789abcdef.bin", { range: true })).toBe("pass");
    expect(kind("manifest.json", { method: "HEAD" })).toBe("pass");
    expect(kind("https://example.com/folder/manifest.json")).toBe("pass");
    expect(kind("/other/manifest.json")).toBe("pass");
    expect(kind("originals/0123456789abcdef.jpg")).toBe("pass");
    expect(kind("data/unhashed.bin")).toBe("pass");
    expect(kind("elsewhere/", { navigates: true })).toBe("pass");
    expect(kind("data/%E0%A4%A.0123456789abcdef.bin")).toBe("pass");
    expect(pathInside("https://example.org/folderish/x", scope)).toBeNull();
  });
});

describe("what is kept for an offline visit", () => {
  it("is what the index files list", async () => {
    const parts = await partsOf(tiny, read);
    for (const [part, name] of [["rows", "rows"], ["ids", "ids"], ["documents", "documents"]] as const) {
      expect(tiny[name].files.count).toBeGreaterThan(0);
      expect(parts[part]).toHaveLength(tiny[name].files.count);
      expect(parts[part].every(({ path }) => path.startsWith(`data/${name}.`))).toBe(true);
    }
    expect(parts.vectors).toHaveLength(1 + tiny.vectors!.files.count);
    expect(parts.columns).toHaveLength(tiny.fields.filter(({ column }) => column).length);
    expect(parts.text).toEqual([]);
  });

  it("includes the model's files", async () => {
    const server = serveTiny({ model: true });
    const { text, tokens, staticRows } = await partsOf(server.manifest, async (entry) => {
      const content = new Uint8Array(await (await server.fetch(`https://site.example/pictures/${entry.path}`)).arrayBuffer());
      return content[0] === 0x1f ? new Uint8Array((await import("node:zlib")).gunzipSync(content)) : content;
    });
    expect(text.map(({ path }) => path.replace(/\.[0-9a-f]{16}\./, "."))).toEqual(["model/tokenizer.json.gz", "data/model-words.bin", "model/text.onnx"]);
    expect(tokens).toHaveLength(3);
    expect(staticRows).toHaveLength(1);
  });

  it("excludes lists that are too long or not available, and nothing else", async () => {
    const long = { ...tiny, documents: { ...tiny.documents, files: { ...tiny.documents.files, count: 5000 } } };
    const parts = await partsOf(long, (entry) => (entry.path === tiny.rows.files.index.path ? Promise.reject(new Error("not here")) : read(entry)));
    expect(parts).toMatchObject({ rows: [], documents: [] });
    expect(parts.ids.length).toBeGreaterThan(0);
  });

  it("is fetched on a fast unmetered connection, else kept only if the browser already has it", async () => {
    const parts = await partsOf(tiny, read);
    const generous = warming(tiny, parts, shell.files, "all");
    expect(pathsOf(generous.fetch)).toEqual(expect.arrayContaining([
      parts.rows[0]!.path, parts.catalog[0]!.path, tiny.vectors!.quantizer.path, parts.ids[0]!.path, shell.files[2]!.path,
    ]));
    expect(generous.keep).toEqual([]);
    const sparing = warming(tiny, parts, shell.files, "nothing");
    expect(sparing.fetch).toEqual([]);
    expect(new Set(pathsOf(sparing.keep))).toEqual(new Set(pathsOf(generous.fetch)));
    expect(sparing.bytes).toBe(0);
  });

  it("is little before somebody searches: small parts, the most important first, and never the model", async () => {
    const parts = await partsOf(tiny, read);
    const sized = (entries: FileEntry[], bytes: number) => entries.map((entry) => ({ ...entry, bytes: Math.ceil(bytes / entries.length) }));
    const text = sized([{ ...parts.rows[0]!, path: "model/text.onnx" }], 3_000_000);
    const photographs = { ...parts, rows: sized(parts.rows, 200_000), catalog: sized(parts.catalog, 600_000), vectors: sized(parts.vectors, 1_200_000), text };
    const little = warming(tiny, photographs, shell.files, "little");
    expect(pathsOf(little.fetch)).toEqual(expect.arrayContaining(pathsOf([...parts.rows, ...parts.catalog, ...parts.vectors])));
    expect(pathsOf(little.keep)).toEqual(expect.arrayContaining(["model/text.onnx", "assets/ort.0123456789abcdef.bin"]));
    expect(little.bytes).toBeLessThan(2_300_000);
    const large = warming(tiny, { ...photographs, catalog: sized(parts.catalog, 60_000_000), vectors: sized(parts.vectors, 90_000_000) }, shell.files, "little");
    expect(pathsOf(large.fetch)).not.toEqual(expect.arrayContaining([parts.catalog[0]!.path]));
    expect(large.bytes).toBeLessThan(2_300_000);
    expect(new Set(pathsOf(large.needed))).toEqual(new Set(pathsOf([...parts.catalog, ...parts.vectors, ...text, shell.files[2]!])));
  });

  it("stays within a budget, whatever the collection", async () => {
    const parts = await partsOf(tiny, read);
    const large = (entries: FileEntry[], bytes: number) => entries.map((entry) => ({ ...entry, bytes }));
    const plan = warming(tiny, { ...parts, vectors: large(parts.vectors, 2000 << 20), documents: large(parts.documents, 1100 << 20) }, shell.files, "all");
    expect(plan.bytes).toBeLessThan(1 << 30);
    expect(pathsOf(plan.keep)).toContain(parts.vectors[0]!.path);
    expect(pathsOf(plan.keep)).toContain(parts.documents[0]!.path);
    expect(pathsOf(plan.fetch)).toContain(parts.catalog[0]!.path);
  });
});
