/** Finds the field that a name means. */
import { own } from "../../base/own";
import type { FieldDefinition, FieldType } from "../../format/index";

const KINDS: Readonly<Record<string, FieldType>> = { tag: "tags", tags: "tags", year: "date", date: "date" };

/** The field that has the path of a file. */
export const FILE_FIELD = "file";

/** The field with a name, or its plural or singular; `filename` and `path` mean the file. `tag`, `year` and `date` find a field of that kind. */
export function findField(name: string, fields: readonly FieldDefinition[]): FieldDefinition | null {
  for (const candidate of [name, `${name}s`, name.replace(/s$/, ""), name === "filename" || name === "path" ? FILE_FIELD : name]) {
    const field = fields.find((field) => field.name === candidate);
    if (field) return field;
  }
  const kind = own(KINDS, name);
  return fields.find(({ type, column }) => type === kind && column !== null) ?? null;
}
