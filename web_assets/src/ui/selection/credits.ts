/** Credits and links of pictures, as text and as a table. Pure. */
import { own } from "../../base/own";
import { visible } from "../../base/visible";
import { CREDIT, nameOf } from "../detail/fields";
import { line } from "../data/flat";
import type { FieldDefinition, ImageDocument } from "../../engine/types";

/** The fields that say whose a picture is. */
export function creditFields(fields: readonly FieldDefinition[]): FieldDefinition[] {
  return fields.filter(({ name }) => CREDIT.test(name));
}

function texts(document: ImageDocument, fields: readonly FieldDefinition[]): string[] {
  return creditFields(fields).flatMap(({ name }) => {
    const value = own(document.fields, name);
    const text = value === undefined ? "" : Array.isArray(value) ? value.join(", ") : String(value);
    return text.trim() ? [text.trim().replace(/\s+/g, " ")] : [];
  });
}

/** One line: the name of a picture, and everything the collection says about whose it is. */
export function credit(document: ImageDocument, fields: readonly FieldDefinition[]): string {
  const parts = [nameOf(document), ...texts(document, fields)];
  return visible([...new Set(parts)].join(". "));
}

/** The address of a picture's detail view. */
export function linkOf(id: string, base: string): string {
  return new URL(`#image=${id}`, base).href;
}

export interface CreditLine {
  /** The name of the picture's file; empty if there is none. */
  file: string;
  document: ImageDocument;
  link: string;
}

/** A table (CSV) with one line for each picture. It has a mark for spreadsheets that it is UTF-8. */
export function creditTable(lines: readonly CreditLine[], fields: readonly FieldDefinition[]): string {
  const columns = creditFields(fields);
  const head = ["file", "id", "name", "link", ...columns.map(({ name }) => name)];
  const rows = lines.map(({ file, document, link }) => line([file, document.id, nameOf(document), link, ...columns.map(({ name }) => own(document.fields, name))]));
  return `\ufeff${line(head)}${rows.join("")}`;
}
