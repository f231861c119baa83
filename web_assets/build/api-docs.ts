/**
 * Renders docs/api.md from the types of the public library and their comments. `npm run docs` writes it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { publicDeclarations, type Declared } from "./declarations.ts";

const entry = join(import.meta.dirname, "..", "src", "api", "library.ts");

export function renderApi(): string {
  const declared = publicDeclarations(entry);
  const intro = readFileSync(join(import.meta.dirname, "api-intro.md"), "utf8").trimEnd();
  const main = ["open", "ImageCollection"];
  const first = main.flatMap((name) => declared.filter((item) => item.name === name));
  const others = declared.filter(({ name }) => !main.includes(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
  return [intro, ...[...first, ...others].map(section)].join("\n\n") + "\n";
}

function section({ name, text }: Declared): string {
  return `## ${name}\n\n\`\`\`ts\n${text}\n\`\`\``;
}
