/**
 * Vite plugin: `notices.txt`, the licence texts of everything that the bundle contains. The packages are those whose
 * modules are really in it; version and licence id come from package-lock.json, the text from the package, or from
 * `licences/` if the package has none. The build fails if a text is missing.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const web = join(import.meta.dirname, "..");
const FILE = "notices.txt";
const TEXT = /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/i;
const RULE = "=".repeat(72);

interface Locked {
  version: string;
  license?: string;
}

/** Something in the bundle with a licence of its own. */
interface Notice {
  title: string;
  text: string;
}

/** The names of the packages that the bundles of this process contain, those of workers included. */
const bundled = new Set<string>();

/** The package that a module belongs to; null for our own. */
function packageOf(id: string): string | null {
  const parts = id.replaceAll("\\", "/").replace(/^\0/, "").split("/node_modules/");
  if (parts.length < 2) return null;
  const [scope, name] = parts.at(-1)!.split("/");
  return scope!.startsWith("@") ? `${scope}/${name}` : scope!;
}

/** @param emit whether this build writes the file; a worker's build only adds to what is written */
export function noticesPlugin(emit: boolean): Plugin {
  return {
    name: "imagedb:notices",
    apply: "build",
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== "chunk") continue;
        for (const id of file.moduleIds) {
          const name = packageOf(id);
          if (name) bundled.add(name);
        }
      }
      if (emit) this.emitFile({ type: "asset", fileName: FILE, source: compose([...bundled].sort()) });
    },
  };
}

function compose(names: string[]): string {
  const lock = JSON.parse(readFileSync(join(web, "package-lock.json"), "utf8")) as { packages: Record<string, Locked> };
  const notices = names.map((name): Notice => {
    const locked = lock.packages[`node_modules/${name}`];
    if (!locked) throw new Error(`package-lock.json does not list ${name}, which the bundle contains.`);
    return { title: `${name} ${locked.version} (${locked.license ?? "see below"})`, text: licenceText(name) };
  });
  notices.push({ title: "Names of emoji from Unicode CLDR (Unicode-3.0)", text: ours("unicode-cldr.txt")! });
  const own = { title: "imagedb-site (Apache-2.0)", text: readFileSync(join(web, "..", "LICENSE"), "utf8") };
  return grouped([own, ...notices]);
}

/** All notices; packages that share a text share one section. */
function grouped(notices: Notice[]): string {
  const titles = new Map<string, string[]>();
  for (const { title, text } of notices) {
    const trimmed = text.replaceAll("\r\n", "\n").trim();
    titles.set(trimmed, [...titles.get(trimmed) ?? [], title]);
  }
  const sections = [...titles].map(([text, named]) => `${RULE}\n${named.join("\n")}\n${RULE}\n\n${text}\n`);
  return `This program contains the following software.\n\n${notices.map(({ title }) => `- ${title}`).join("\n")}\n\n${sections.join("\n\n")}`;
}

function licenceText(name: string): string {
  const folder = join(web, "node_modules", name);
  const texts = readdirSync(folder).filter((file) => TEXT.test(file)).sort().map((file) => readFileSync(join(folder, file), "utf8"));
  const added = ours(`${name.replaceAll("/", "__")}.txt`);
  if (added !== null) texts.push(added);
  if (!texts.length) throw new Error(`${name} has no licence text. Add licences/${name.replaceAll("/", "__")}.txt.`);
  return texts.join("\n");
}

function ours(file: string): string | null {
  const path = join(web, "licences", file);
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}
