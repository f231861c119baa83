import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import type { Manifest } from "../../web_assets/src/engine/types";
import { kindOf, named, pathInside, warming, type Asked, type Shell } from "../../web_assets/src/sw/policy";

const scope = "https://example.org/folder/";
const shell: Shell = {
  version: "0".repeat(16),
  files: [{ path: "index.html", bytes: 900 }, { path: "assets/app.0123456789abcdef.js", bytes: 90_000 }, { path: "assets/ort.0123456789abcdef.bin", bytes: 4 << 20 }],
};
const tiny = JSON.parse(readFileSync(join(import.meta.dirname, "../golden/site-tiny/manifest.json"), "utf8")) as Manifest;
const kind = (path: string, more: Partial<Asked> = {}): string =>
  kindOf({ url: new URL(path, scope).href, method: "GET", range: false, navigates: false, ...more }, scope, shell);

describe("what the service worker answers", () => {
  it("knows pages, the application, data and pictures", () => {
    expect(kind("", { navigates: true })).toBe("page");
    expect(kind("index.html?q=cat", { navigates: true })).toBe("page");
    expect(kind("manifest.json")).toBe("mutable");
    expect(kind("assets/app.0123456789abcdef.js")).toBe("shell");
    expect(kind("data/catalog.0123456789abcdef.bin")).toBe("data");
    expect(kind("model/tokens.0123456789abcdef.bin")).toBe("data");
    expect(kind("thumbs/0123456789abcdef.webp")).toBe("thumbnail");
    expect(kind("views/0123456789abcdef.webp")).toBe("view");
  });

  it("lets everything else pass", () => {
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

describe("what is kept for a visit without a network", () => {
  it("is all that a real manifest names, and only that", () => {
    const paths = named(tiny);
    expect(paths.has(tiny.catalog.file.path)).toBe(true);
    expect(paths.has(tiny.vectors!.file.path)).toBe(true);
    for (const rows of tiny.rows.files) expect(paths.has(rows.path)).toBe(true);
    for (const path of paths) expect(path).toMatch(/^(data|model)\//);
  });

  it("is fetched where that is no imposition, else kept only as far as it is here already", () => {
    const generous = warming(tiny, shell.files, true);
    expect(generous.fetch).toEqual(expect.arrayContaining([tiny.ids.path, tiny.catalog.file.path, tiny.vectors!.file.path, shell.files[2]!.path]));
    expect(generous.keep).toEqual([]);
    const sparing = warming(tiny, shell.files, false);
    expect(sparing.fetch).toEqual([]);
    expect(new Set(sparing.keep)).toEqual(new Set(generous.fetch));
    expect(sparing.bytes).toBe(0);
  });

  it("stays within a budget, whatever the collection", () => {
    const huge: Manifest = {
      ...tiny,
      vectors: { ...tiny.vectors!, file: { ...tiny.vectors!.file, bytes: 500 << 20 } },
      documents: { ...tiny.documents, files: tiny.documents.files.map((file) => ({ ...file, bytes: 40 << 20 })) },
    };
    const plan = warming(huge, shell.files, true);
    expect(plan.bytes).toBeLessThan(100 << 20);
    expect(plan.keep).toContain(huge.vectors!.file.path);
    expect(plan.keep).toContain(huge.documents.files[0]!.path);
    expect(plan.fetch).toContain(huge.catalog.file.path);
  });
});
