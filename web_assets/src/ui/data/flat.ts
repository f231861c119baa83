/**
 * Documents as lines of CSV and JSON: the rules of docs/FORMAT.md 2.14, as in the downloads of a site. The twin of
 * builder/imagedb_site/flat_documents.py. Pure.
 */
import { own } from "../../base/own";
import type { FieldValue, ImageDocument, Manifest } from "../../engine/types";

export type Format = "csv" | "jsonl";
type Cell = FieldValue | null | undefined;

/** A column; `field` is the name of its field, absent for what every image has. */
export interface Column {
  name: string;
  field?: string;
}

/** A document and the path of its own thumbnail file, if it has one. */
export interface Item {
  document: ImageDocument;
  thumbnail: string | null;
}

const FORMULA = /^[=+\-@\t\r]/;

/** The columns in order. A name that is taken gets `_` appended. */
export function columnsOf({ thumbnails, views, originals, remote, fields }: Pick<Manifest, "thumbnails" | "views" | "originals" | "remote" | "fields">): Column[] {
  const pictures = thumbnails.count > 0;
  const names = ["id", "path"];
  if (pictures) names.push("width", "height");
  if (pictures && thumbnails.extension === "webp") names.push("thumbnail");
  if (pictures && views) names.push("view");
  if (pictures && originals !== "none") names.push("original");
  if (remote) names.push("image_url", "thumbnail_url");
  const taken = new Set([...names, ...fields.map(({ name }) => name)]);
  const used = new Set(names);
  return [...names.map((name) => ({ name })), ...fields.map(({ name: field }) => {
    let name = field;
    while (used.has(name) || (name !== field && taken.has(name))) name += "_";
    used.add(name);
    return { name, field };
  })];
}

function valueOf({ name, field }: Column, { document, thumbnail }: Item): Cell {
  if (field !== undefined) return own(document.fields, field);
  switch (name) {
    case "id": return document.id;
    case "path": return document.path;
    // 0 stands for "there is no picture" in documents.
    case "width": return document.width || null;
    case "height": return document.height || null;
    case "thumbnail": return thumbnail;
    case "view": return document.view?.path;
    case "original": return document.original;
    case "image_url": return document.remote?.image;
    default: return document.remote?.thumbnail;
  }
}

/** The text of a cell: tags joined by "; ". A text that a spreadsheet would run as a formula gets an apostrophe in front. */
function cell(value: Cell): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = Array.isArray(value) ? value.join("; ") : value;
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function jsonLine(columns: readonly Column[], item: Item, first: boolean): string {
  // The first line has every column, because tools read the columns from it.
  const parts = columns.flatMap((column) => {
    const value = valueOf(column, item) ?? null;
    return first || value !== null ? [`${JSON.stringify(column.name)}:${JSON.stringify(value)}`] : [];
  });
  return `{${parts.join(",")}}\n`;
}

/** A whole file: with a line of names in CSV, one line for each item. */
export function written(format: Format, columns: readonly Column[], items: readonly Item[]): string {
  if (format === "jsonl") return items.map((item, i) => jsonLine(columns, item, i === 0)).join("");
  return line(columns.map(({ name }) => name)) + items.map((item) => line(columns.map((column) => valueOf(column, item)))).join("");
}

/** A line of CSV. */
export function line(cells: readonly Cell[]): string {
  return cells.map(cell).join(",") + "\n";
}

/** A name for a file: letters and digits of the parts, joined by dashes. */
export function fileName(format: Format | "zip", ...parts: string[]): string {
  const words = parts.map((part) => part.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 60));
  return `${words.filter(Boolean).join("-") || "data"}.${format}`;
}
