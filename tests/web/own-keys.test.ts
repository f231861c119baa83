/**
 * Keys that come from data never reach what objects inherit: a field called "constructor" is a field like any other. The
 * compiler's types find every place that looks up a text in an object.
 */
import { join, relative } from "node:path";
import ts from "typescript";
import { beforeAll, describe, expect, it } from "vitest";
import { captionField, documentOf, searchedTexts } from "../../web_assets/src/additions/fields";
import { exported } from "../../web_assets/src/additions/exchange";
import type { Addition } from "../../web_assets/src/additions/types";
import { own } from "../../web_assets/src/base/own";
import { findField } from "../../web_assets/src/engine/query/index";
import type { FieldDefinition, Manifest } from "../../web_assets/src/format/index";
import { sheetOf } from "../../web_assets/src/ui/detail/fields";

const web = join(import.meta.dirname, "../../web_assets");
const sources = join(web, "src");

/** Methods whose names were looked up in a table, features of the browser, and files of the program itself. */
const ALLOWED = [
  "worker/methods.ts: functions[method]",
  "worker/serve.ts: (object as unknown as Record<string, Method>)[method]",
  "worker/early.ts: (object as Record<string, (...args: unknown[]) => unknown>)[method]",
  "boot/browser.ts: names[i]! in scope",
  'boot/program.ts: TYPES[file.path.split(".").pop()!]',
];

/** `options` and files as `npm run check` reads them, with a few more sources for this test. */
function program(extra: Record<string, string> = {}): ts.Program {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: (problem: ts.Diagnostic) => { throw new Error(String(problem.messageText)); } };
  const config = ts.getParsedCommandLineOfConfigFile(join(web, "tsconfig.json"), {}, host)!;
  const files = config.fileNames.filter((name) => name.startsWith(sources) || name.endsWith(".d.ts"));
  const compiler = ts.createCompilerHost(config.options);
  const { getSourceFile, fileExists } = compiler;
  compiler.getSourceFile = (name, ...rest) =>
    extra[name] === undefined ? getSourceFile.call(compiler, name, ...rest) : ts.createSourceFile(name, extra[name], ...rest as [ts.ScriptTarget]);
  compiler.fileExists = (name) => extra[name] !== undefined || fileExists.call(compiler, name);
  return ts.createProgram([...files, ...Object.keys(extra)], config.options, compiler);
}

/** The places of a file that read, write or test a key of an object whose name is not known to the compiler. */
function lookups(file: ts.SourceFile, types: ts.TypeChecker): string[] {
  const found: string[] = [];
  const isText = (node: ts.Node): boolean => {
    const type = types.getTypeAtLocation(node);
    return (type.isUnion() ? type.types : [type]).some(({ flags }) => (flags & (ts.TypeFlags.String | ts.TypeFlags.Any)) !== 0);
  };
  const visit = (node: ts.Node): void => {
    const access = ts.isElementAccessExpression(node) && isText(node.argumentExpression);
    const test = ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.InKeyword && isText(node.left);
    if (access || test || ts.isForInStatement(node)) found.push(`${relative(sources, file.fileName)}: ${node.getText(file)}`);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

describe("keys from data", () => {
  const probe = join(sources, "base/probe.ts");
  let whole: ts.Program;
  beforeAll(() => {
    whole = program({
      [probe]: "export const f = (o: Record<string, number>, k: string) => { for (const x in o) o[x]; o[k] = 1; return k in o || o[k] || o['k']; };",
    });
  });

  it("are looked up only by `own`, in maps and in arrays", () => {
    const types = whole.getTypeChecker();
    const files = whole.getSourceFiles().filter(({ fileName }) => fileName.startsWith(sources) && !/\/(own|probe)\.ts$/.test(fileName));
    expect(files.length).toBeGreaterThan(150);
    expect(files.flatMap((file) => lookups(file, types)).filter((place) => !ALLOWED.includes(place))).toEqual([]);
  });

  it("are found by this test where they are looked up otherwise", () => {
    const found = lookups(whole.getSourceFile(probe)!, whole.getTypeChecker()).map((place) => place.slice("base/probe.ts: ".length));
    expect(found.map((text) => text.slice(0, 10))).toEqual(["for (const", "o[x]", "o[k]", "k in o", "o[k]"]);
  });

  it("find only what an object itself has", () => {
    const json = JSON.parse('{"constructor": 1, "__proto__": 2}') as Record<string, number>;
    expect([own(json, "constructor"), own(json, "__proto__"), own(json, "toString")]).toEqual([1, 2, undefined]);
    expect(["constructor", "__proto__", "toString", "valueOf", "hasOwnProperty"].map((key) => own({}, key))).toEqual(Array(5).fill(undefined));
  });
});

describe("a field called constructor", () => {
  const field: FieldDefinition = { name: "constructor", label: "constructor", type: "text", fts: true, facet: false, column: false };
  const document = { id: "0".repeat(16), path: "a.jpg", width: 1, height: 1, fields: {} };
  const addition = {
    id: "0".repeat(16), sha256: "0".repeat(64), name: "a.jpg", type: "constructor", bytes: 1, width: 1, height: 1, caption: "", tags: [],
    embedded: {}, embedding: null, encoder: null, added: 0,
  } as unknown as Addition;
  const manifest = {
    fields: [field], catalog: { columns: ["constructor"] }, collection: { title: "", hash: "" }, generator: "", model: null,
  } as unknown as Manifest;

  it("is not shown for a picture that has no value of it", () => {
    const lines = (fields: Record<string, string>) => sheetOf({ ...document, fields }, [field]).groups.flatMap(({ lines }) => lines);
    expect(lines({})).toEqual([]);
    expect(lines({ constructor: "Ann" })).toEqual([{ field, value: "Ann" }]);
  });

  it("is found by its name, and no other inherited name is", () => {
    expect(findField("constructor", [field])).toBe(field);
    expect(["tostring", "valueof", "hasownproperty", "__proto__"].map((name) => findField(name, [field]))).toEqual([null, null, null, null]);
  });

  it("is empty for an addition, whose file keeps its own suffix", () => {
    expect(captionField([field]).name).toBe("caption");
    expect(documentOf(addition, manifest).fields).toEqual({});
    expect(searchedTexts(addition, manifest)).toEqual(["a.jpg"]);
    expect(exported([addition], manifest, 0).pictures[0]!.file).toBe(`pictures/${"0".repeat(64)}.jpg`);
  });
});
