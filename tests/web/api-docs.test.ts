/** The documents of the library are made from its types; `npm run docs` writes them anew. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { renderApi } from "../../web_assets/build/api-docs";
import { declarations } from "../../web_assets/build/declarations";
import { repository } from "./support/files";

const file = join(repository, "docs", "api.md");
let fresh: string;
beforeAll(() => {
  fresh = renderApi();
  if (process.env["UPDATE_DOCS"]) writeFileSync(file, fresh);
}, 120_000);

describe("the library's documents", () => {
  it("are fresh", () => {
    expect(existsSync(file) && readFileSync(file, "utf8") === fresh, "docs/api.md is stale: run `npm run docs`").toBe(true);
  });

  it("name every method and nothing from inside", () => {
    for (const name of ["search(", "similar(", "facets(", "random(", "batches(", "thumbnail(", "embedImage(", "close("]) expect(fresh).toContain(name);
    expect(fresh).not.toMatch(/private |WorkerClient|Resources|MeaningArm/);
  });

  it("say what the declarations say", () => {
    const types = declarations(join(repository, "web_assets", "src", "api", "library.ts"));
    expect(types).toMatch(/export declare function open\(url: string/);
    expect(types).not.toMatch(/^import /m);
  }, 120_000);
});
