/** How to cite a collection. Pure. */
import type { Manifest } from "../../engine/types";

const HASH_DIGITS = 12;

interface Source {
  collection: Manifest["collection"];
  /** The address of the site; null if it has none that others can open. */
  url: string | null;
  /** Of the visit. */
  day: Date;
}

function partsOf({ collection: { title, attribution, hash }, day }: Source): { title: string; credits: string[]; licence: string | undefined; state: string; date: string } {
  const credits = [...new Set(attribution.map(({ text }) => text.trim().replace(/[.\s]+$/, "")))].filter((text) => text && text !== title);
  const licence = attribution.find((line) => line.licence)?.licence;
  return { title: title.trim(), credits, licence: licence && !credits.some((text) => text.includes(licence)) ? licence : undefined, state: hash.slice(0, HASH_DIGITS), date: day.toISOString().slice(0, 10) };
}

/** One line of text. */
export function citation(source: Source): string {
  const { title, credits, licence, state, date } = partsOf(source);
  const parts = [title, ...credits, ...(licence ? [licence] : []), `State ${state}`];
  return `${parts.join(". ")}. ${source.url ? `${source.url} ` : ""}(accessed ${date}).`;
}

/** What BibTeX gives a meaning, as text. */
function escaped(text: string): string {
  return text.replace(/[\\{}]/g, "").replace(/[&%$#_]/g, "\\$&").replace(/~/g, "\\textasciitilde{}").replace(/\^/g, "\\textasciicircum{}").replace(/\s+/g, " ").trim();
}

/** An entry for BibTeX. */
export function bibtex(source: Source): string {
  const { title, credits, licence, state, date } = partsOf(source);
  const key = title.normalize("NFKD").replace(/[^a-zA-Z0-9]+/g, "").slice(0, 24).toLowerCase() || "collection";
  const lines = [
    `title = {{${escaped(title)}}}`, ...(credits.length ? [`author = {{${escaped(credits.join("; "))}}}`] : []),
    ...(source.url ? [`url = {${source.url}}`] : []), `urldate = {${date}}`, `note = {${escaped([...(licence ? [licence] : []), `State ${state}`].join(". "))}}`,
  ];
  return `@misc{${key},\n${lines.map((line) => `  ${line},`).join("\n")}\n}\n`;
}
