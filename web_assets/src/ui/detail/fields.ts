/** Groups the fields of a document for reading. Pure. */
import { own } from "../../base/own";
import { visible } from "../../base/visible";
import type { FieldDefinition, FieldValue, ImageDocument } from "../../engine/types";

export interface Line {
  field: FieldDefinition;
  value: FieldValue;
}

export interface Sheet {
  title: string;
  /** Longer texts below the title. */
  texts: Line[];
  credit: Line[];
  tags: Line[];
  groups: { name: string; lines: Line[] }[];
}

const TITLES = ["title", "headline", "caption", "captions", "description", "alt", "alt_text", "annotation", "prompt", "comment", "name"];
const LONG_TEXTS = /^(captions?|description|extended_description|alt|alt_text|prompt|negative_prompt|private_text|text|headline|comment|keywords_text|notes?)$/;
export const CREDIT = /(credit|licen[cs]e|author|artist|creator|copyright|rights|attribution|photographer|source|owner|usage_terms)/;
const CAMERA = /(camera|lens|make|model|iso|aperture|f_?number|exposure|shutter|focal|flash|white_balance|metering|software|orientation|program)/;
const PLACE = /(taken|date|time|year|month|day|created|modified|gps|latitude|longitude|altitude|place|city|country|state|region|location|sublocation)/;

/** The last part of a path without its extension, readable. */
export function fileName(path: string): string {
  return path.split("/").pop() ?? path;
}

function readable(path: string): string {
  const name = fileName(path).replace(/\.[a-z0-9]{2,5}$/i, "").replace(/[_-]+/g, " ").trim();
  return name || fileName(path);
}

function text(value: FieldValue | undefined): string {
  return typeof value === "string" ? value.trim() : "";
}

function firstSentence(value: string): string {
  if (value.length <= 110) return value;
  const stop = value.slice(0, 110).lastIndexOf(" ");
  return value.slice(0, stop > 40 ? stop : 110).replace(/[\s,;.:]+$/, "") + "…";
}

/** File names given by cameras and programs: a number, perhaps after a word for "picture". */
const NUMBERED = /^((img|image|dsc[nf]?|dscn|pict?|photo|picture|p|mvi|scan|screenshot|pxl|file|wp|gopr|dji|frame|sample)[ _-]*)?[\d _().-]{3,}$/i;

/**
 * The name to show for an image: its title or caption if it has one, else its file's name; if that is only a
 * number, its label, category or tags.
 */
export function nameOf(document: ImageDocument): string {
  return visible(rawNameOf(document));
}

function rawNameOf(document: ImageDocument): string {
  for (const name of TITLES) {
    const value = own(document.fields, name);
    const found = (Array.isArray(value) ? text(value[0]) : text(value)).split("\n")[0]!.trim();
    if (found && !(name === "name" && NUMBERED.test(found))) return firstSentence(found);
  }
  const file = readable(document.path);
  if (!NUMBERED.test(file)) return file;
  const label = text(document.fields["label"]) || text(document.fields["category"]);
  const { tags } = document.fields;
  return label || (Array.isArray(tags) && tags.length ? tags.slice(0, 3).join(", ") : "") || text(document.fields["name"]) || file;
}

const CREDITS = ["credit", "creator", "author", "artist", "photographer", "attribution", "copyright", "licence", "license"];

/** Who made a picture and how it may be used, in one line; null if the document does not say. */
export function creditOf({ fields }: ImageDocument): string | null {
  const parts = CREDITS.flatMap((name) => {
    const value = own(fields, name);
    const line = Array.isArray(value) ? value.join(", ") : text(value);
    return line ? [line] : [];
  });
  return parts.length ? visible(firstSentence([...new Set(parts)].join(" · "))) : null;
}

/** Whether a field only repeats the lines about the file. */
function repeats({ name }: FieldDefinition, value: FieldValue, document: ImageDocument): boolean {
  switch (name) {
    case "name": return typeof value === "string" && fileName(document.path).startsWith(value);
    case "file": return value === document.path;
    case "folder": return typeof value === "string" && document.path.startsWith(value);
    case "width": return value === document.width;
    case "height": return value === document.height;
    default: return false;
  }
}

function isEmpty(value: FieldValue | undefined): value is undefined {
  return value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}

export function sheetOf(document: ImageDocument, fields: FieldDefinition[]): Sheet {
  const title = rawNameOf(document);
  const sheet: Sheet = { title: visible(title), texts: [], credit: [], tags: [], groups: [] };
  const details: Line[] = [];
  const camera: Line[] = [];
  const place: Line[] = [];
  for (const field of fields) {
    const value = own(document.fields, field.name);
    if (isEmpty(value) || repeats(field, value, document)) continue;
    const line = { field, value };
    if (field.name === "title" && value === title) continue;
    if (CREDIT.test(field.name)) sheet.credit.push(line);
    else if (LONG_TEXTS.test(field.name)) {
      if (Array.isArray(value) ? value.length > 1 || value[0] !== title : value !== title) sheet.texts.push(line);
    } else if (field.type === "tags") sheet.tags.push(line);
    else if (CAMERA.test(field.name)) camera.push(line);
    else if (PLACE.test(field.name) || field.type === "date") place.push(line);
    else details.push(line);
  }
  for (const [name, lines] of [["Details", details], ["When and where", place], ["Camera", camera]] as const) {
    if (lines.length) sheet.groups.push({ name, lines });
  }
  return sheet;
}
