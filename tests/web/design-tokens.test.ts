/** The sheets are made of the values in tokens.css: one scale of type, of distances and of radii, and one set of colours. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const UI = join(import.meta.dirname, "../../web_assets/src/ui");
const TOKENS = "styles/tokens.css";
/** Paper has its own units, black and white. */
const PRINT = "styles/print.css";

interface Declaration {
  at: string;
  property: string;
  value: string;
}

const sheets = new Map(
  readdirSync(UI, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name.endsWith(".css"))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [relative(UI, path), readFileSync(path, "utf8").replace(/\/\*.*?\*\//gs, (comment) => comment.replace(/[^\n]/g, " "))]),
);

function declarations(name: string): Declaration[] {
  const text = sheets.get(name)!;
  return [...text.matchAll(/(?<=[{;]\s*)(-{0,2}[a-z][a-z-]*):\s([^;{}]+)(?=[;}])/g)].map((match) => ({
    at: `${name}:${String(text.slice(0, match.index).split("\n").length)}`, property: match[1]!, value: match[2]!.trim(),
  }));
}

const own = [...sheets.keys()].filter((name) => name !== TOKENS && name !== PRINT).flatMap(declarations);
const wrong = (test: (declaration: Declaration) => boolean): string[] => own.filter(test).map(({ at, property, value }) => `${at} ${property}: ${value}`);

describe("the sheets", () => {
  it("are found, and their declarations are", () => {
    expect(sheets.size).toBeGreaterThan(20);
    expect(own.length).toBeGreaterThan(1500);
    expect(own).toContainEqual(expect.objectContaining({ property: "font-size", value: "var(--type-display)" }));
  });

  it("have the sizes of the scale of type", () => {
    // Code is smaller than the text that it stands in; the root is what the visitor wants.
    expect(wrong(({ property, value }) => property === "font-size" && !/^(var\(--type-[a-z]+\)|inherit|0\.86em|100%)$/.test(value))).toEqual([]);
  });

  it("have the weights of the scale of type", () => {
    expect(wrong(({ property, value }) => property === "font-weight" && !/^(400|450|550|600|650|700|inherit)$/.test(value))).toEqual([]);
  });

  it("have the distances of the scale", () => {
    const distance = /^((row-|column-)?gap|(padding|margin)(-(block|inline)(-(start|end))?)?)$/;
    const literal = (value: string): boolean => [...value.matchAll(/(\d*\.?\d+)px/g)].some(([, size]) => Number(size) > 1 && Number(size) <= 40);
    expect(wrong(({ property, value }) => distance.test(property) && literal(value))).toEqual([]);
    expect(wrong(({ property }) => /^(padding|margin)-(left|right|top|bottom)$/.test(property))).toEqual([]);
  });

  it("have the radii of the scale", () => {
    const radius = /^(var\(--radius-[a-z]+\)|0|50%|inherit)$/;
    expect(wrong(({ property, value }) => property === "border-radius" && !value.split(/ (?![^(]*\))/).every((part) => radius.test(part)))).toEqual([]);
  });

  it("have no colours of their own", () => {
    // A mask has no colour: black is what it lets through.
    expect(wrong(({ property, value }) => !property.startsWith("mask") && /#[0-9a-f]{3,8}\b|\b(rgb|hsl|oklch)a?\(/i.test(value.replace("var(--page), #000 46%", "")))).toEqual([]);
  });

  it("use only tokens that exist, and every token is used", () => {
    const everything = [...sheets.values()].join("\n");
    const scripts = readdirSync(join(UI, ".."), { recursive: true, withFileTypes: true })
      .filter((entry) => /\.tsx?$/.test(entry.name)).map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8")).join("\n");
    const defined = new Set([...everything.matchAll(/(--[a-z0-9-]+):/g)].map((match) => match[1]!));
    const used = new Set([...everything.matchAll(/var\((--[a-z0-9-]+)/g)].map((match) => match[1]!));
    for (const match of scripts.matchAll(/"(--[a-z-]+)"/g)) defined.add(match[1]!);
    expect([...used].filter((name) => !defined.has(name))).toEqual([]);
    const tokens = declarations(TOKENS).map(({ property }) => property).filter((property) => property.startsWith("--"));
    expect(tokens.length).toBeGreaterThan(35);
    expect(tokens.filter((name) => !used.has(name) && !scripts.includes(name))).toEqual([]);
  });
});
