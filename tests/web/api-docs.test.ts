/** docs/api.md is generated from the library's types. `npm run docs` writes it. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { renderApi } from "../../web_assets/build/api-docs";
import { declarations, publicDeclarations, type Declared } from "../../web_assets/build/declarations";
import { repository } from "./support/files";

const file = join(repository, "docs", "api.md");
const entry = join(repository, "web_assets", "src", "api", "library.ts");
let fresh: string;
let declared: Declared[];
beforeAll(() => {
  fresh = renderApi();
  declared = publicDeclarations(entry);
  if (process.env["UPDATE_DOCS"]) writeFileSync(file, fresh);
}, 120_000);

describe("the library's documents", () => {
  it("are up to date", () => {
    expect(existsSync(file) && readFileSync(file, "utf8") === fresh, "docs/api.md is stale: run `npm run docs`").toBe(true);
  });

  it("list every method and nothing internal", () => {
    for (const name of ["search(", "similar(", "facets(", "random(", "batches(", "thumbnail(", "embedImage(", "close("]) expect(fresh).toContain(name);
    expect(fresh).not.toMatch(/private |WorkerClient|Resources|MeaningArm/);
  });

  it("describe every public name, method and option", () => {
    expect(declared.length).toBeGreaterThan(20);
    const undocumented = declared.filter(({ text }) => !text.startsWith("/**")).map(({ name }) => name);
    expect(undocumented).toEqual([]);
    const text = (name: string) => declared.find((item) => item.name === name)!.text;
    const bare = ["ImageCollection", "OpenOptions", "QueryOptions", "RandomOptions"].flatMap((name) => {
      const members = undescribed(text(name));
      expect(members.all.length, name).toBeGreaterThan(2);
      return members.bare.map((member) => `${name}.${member}`);
    });
    expect(bare).toEqual([]);
  });

  it("have a guide that shows every method", () => {
    const guide = readFileSync(join(repository, "docs", "guide", "javascript.md"), "utf8");
    const { all } = undescribed(declared.find(({ name }) => name === "ImageCollection")!.text);
    expect(all).toContain("search");
    expect(all.filter((name) => !guide.includes(`.${name}`) && !guide.includes(`\`${name}\``))).toEqual([]);
  });

  it("say what the declarations say", () => {
    const types = declarations(entry);
    expect(types).toMatch(/export declare function open\(url: string/);
    expect(types).not.toMatch(/^import /m);
  }, 120_000);
});

/** The members of a declaration, and those among them that no comment describes. */
function undescribed(text: string): { all: string[]; bare: string[] } {
  const all: string[] = [];
  const bare: string[] = [];
  const lines = text.split("\n");
  lines.forEach((line, at) => {
    // Filters are next to the text that they belong to, and share its comment.
    const member = /^ {4}(?:get )?(\w+)\??[(:]/.exec(line)?.[1] ?? /^ {4}get (\w+)\(/.exec(line)?.[1];
    if (!member || member === "constructor") return;
    all.push(member);
    if (!lines[at - 1]!.trimEnd().endsWith("*/") && member !== "filters") bare.push(member);
  });
  return { all, bare };
}
