/** A record's values as texts for full text search. */
import type { FieldValue } from "../format/manifest";

/** A value as it is stored for full text (docs/FORMAT.md, "catalog"). */
export function textOf(value: FieldValue | undefined): string {
  if (value === undefined) return "";
  return Array.isArray(value) ? value.join(", ") : String(value);
}
