/** An addition as a record of the collection: its document, and its texts for full text search. */
import { own } from "../base/own";
import { textOf } from "../catalog/index";
import type { FieldDefinition, FieldValue, ImageDocument, Manifest } from "../format/index";
import type { Addition, NamedField } from "./types";

const CAPTIONS = ["caption", "title", "description", "headline", "alt", "prompt", "annotation"];
const TAGS = ["tags", "keywords", "labels"];

/** The field for captions: a suitable field of this collection, else a new one. */
export function captionField(fields: readonly FieldDefinition[]): NamedField {
  for (const name of CAPTIONS) {
    const field = fields.find((field) => field.name === name);
    if (field?.type === "text") return field;
  }
  return fresh(CAPTIONS, fields, "Caption");
}

/** The field for tags. */
export function tagsField(fields: readonly FieldDefinition[]): NamedField {
  const lists = fields.filter(({ type }) => type === "tags");
  return TAGS.map((name) => lists.find((field) => field.name === name)).find(Boolean) ?? lists.find(({ name }) => name !== "place")
    ?? fresh(TAGS, fields, "Tags");
}

function fresh(names: string[], fields: readonly FieldDefinition[], label: string): NamedField {
  const name = names.find((name) => !fields.some((field) => field.name === name)) ?? `${names[0]!}_added`;
  return { name, label };
}

/** The file's name without its suffix, as the builder's field `name` has it. */
function stem(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(0, dot) : name;
}

/** The metadata of an addition, with the fields of this collection that it has values for. */
export function documentOf(addition: Addition, { fields }: Manifest): ImageDocument {
  const { id, name, width, height, caption, tags } = addition;
  const values = new Map<string, FieldValue>();
  const known: Record<string, FieldValue> = { ...addition.embedded, name: stem(name), file: name, width, height };
  for (const field of fields) {
    const value = own(known, field.name);
    if (value !== undefined && fits(field, value)) values.set(field.name, value);
  }
  if (caption) values.set(captionField(fields).name, caption);
  if (tags.length) values.set(tagsField(fields).name, tags);
  return { id, path: name, width, height, fields: Object.fromEntries(values) };
}

function fits({ type }: FieldDefinition, value: FieldValue): boolean {
  if (type === "tags") return Array.isArray(value);
  if (type === "number") return typeof value === "number";
  return typeof value === "string";
}

/**
 * The texts of an addition for full text search, one per column of the catalog. A value without a column is put into
 * `name`, else into `file`, else into the first column, so that caption, tags and file name are found in every collection.
 */
export function searchedTexts(addition: Addition, manifest: Manifest): string[] {
  const { columns } = manifest.catalog;
  const { fields } = documentOf(addition, manifest);
  const texts = columns.map((name) => textOf(own(fields, name)));
  const named = columns.find((column) => column === "name") ?? columns.find((column) => column === "file");
  const last = named === undefined ? 0 : columns.indexOf(named);
  const rest = [
    ...(named === undefined ? [addition.name] : []),
    ...[captionField(manifest.fields).name, tagsField(manifest.fields).name]
      .flatMap((name) => (columns.includes(name) || own(fields, name) === undefined ? [] : [textOf(own(fields, name))])),
  ];
  if (columns.length && rest.length) texts[last] = [texts[last], ...rest].filter(Boolean).join("\n");
  return texts;
}
