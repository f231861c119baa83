/**
 * The types of the public library: one file, `imagedb.d.ts`, with everything its entry exports and the types used there;
 * and docs/api.md, made from the same declarations.
 */
import { join } from "node:path";
import ts from "typescript";
import type { Plugin } from "vite";

/** The folders whose types may be published. */
const PUBLIC = /\/src\/(?:api\/[\w-]+|engine\/types|format\/(?:manifest|errors))\.ts$/;

export interface Declared {
  name: string;
  /** The declaration as TypeScript writes it, with its comment. */
  text: string;
  node: ts.Statement;
}

/** Vite plugin: adds `imagedb.d.ts` to the build. */
export function declarationsPlugin(entry: string): Plugin {
  return {
    name: "imagedb:declarations",
    apply: "build",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "imagedb.d.ts", source: declarations(entry) });
    },
  };
}

export function declarations(entry: string): string {
  const texts = publicDeclarations(entry).map(({ text }) => text);
  return `/** imagedb.js: search a published image collection. Made from the sources. */\n\n${texts.join("\n\n")}\n`;
}

/** What the entry exports, in its order, followed by the types that those declarations use. */
export function publicDeclarations(entry: string): Declared[] {
  const emitted = new Map<string, string>();
  const root = join(import.meta.dirname, "..");
  const config = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(root, "tsconfig.json"), (path) => ts.sys.readFile(path)).config, ts.sys, root,
  );
  const program = ts.createProgram([entry, join(root, "src/worker/gzip.d.ts"), join(root, "src/api/worker-url.d.ts")], {
    ...config.options, noEmit: false, declaration: true, emitDeclarationOnly: true, stripInternal: true,
  });
  program.emit(undefined, (name, text) => { emitted.set(name.replaceAll("\\", "/").replace(/\.d\.ts$/, ".ts"), text); }, undefined, true);

  const all = new Map<string, Declared>();
  for (const [path, text] of emitted) {
    if (!PUBLIC.test(path)) continue;
    const file = ts.createSourceFile("declarations.d.ts", text, ts.ScriptTarget.ES2022, true);
    for (const node of file.statements) {
      const name = nameOf(node);
      if (name && !all.has(name)) all.set(name, { name, node, text: published(node, file) });
    }
  }
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(entry)!;
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(source)!).map(({ name }) => name);
  const found = new Map<string, Declared>();
  const take = (name: string) => {
    const declared = all.get(name);
    if (!declared || found.has(name)) return;
    found.set(name, declared);
    const visit = (node: ts.Node) => {
      if (ts.isTypeReferenceNode(node) && ts.isIdentifier(node.typeName)) take(node.typeName.text);
      if (ts.isExpressionWithTypeArguments(node) && ts.isIdentifier(node.expression)) take(node.expression.text);
      const hidden = ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);
      if (!hidden) ts.forEachChild(node, visit);
    };
    visit(declared.node);
  };
  exported.forEach(take);
  return [...found.values()];
}

function nameOf(node: ts.Statement): string | null {
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return node.name.text;
  if ((ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) && node.name) return node.name.text;
  return null;
}

/** A declaration with its comment, exported, without its private members. */
function published(node: ts.Statement, file: ts.SourceFile): string {
  const text = node.getFullText(file).trim().replace(/^((?:\/\*\*[\s\S]*?\*\/\s*)*)(?:export )?(?:declare )?/, (_, comment: string) => {
    // A file's own comment precedes that of its first declaration.
    const own = comment.match(/\/\*\*(?:(?!\*\/)[\s\S])*\*\//g)?.at(-1);
    const declare = ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node) ? "declare " : "";
    return `${own ? `${own}\n` : ""}export ${declare}`;
  });
  return text.replace(/\n(?:\s*\/\*\*(?:(?!\*\/)[\s\S])*\*\/)?\s*private [^\n]*/g, "");
}
