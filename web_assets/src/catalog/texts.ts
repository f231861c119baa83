/** What full text sees of a record's values. */
import type { FieldValue } from "../format/manifest";

/** A value as full text has it (docs/FORMAT.md, "catalog"). */
export function textOf(value: FieldValue | undefined): string {
  if (value === undefined) return "";
  return Array.isArray(value) ? value.join(", ") : String(value);
}
