/** Columns of values as documents have them. */
import { dateSpan } from "../base/dates";
import type { Column, FieldDefinition, FieldValue } from "../format/index";

/** The column of a field's values, one per row; undefined stands for no value. */
export function columnOf(field: FieldDefinition, values: readonly (FieldValue | undefined)[]): Column {
  const count = values.length;
  const places = new Map<string, number>();
  const codeOf = (name: string): number => places.get(name) ?? places.set(name, places.size).size - 1;
  switch (field.type) {
    case "number":
      return { kind: "number", count, values: Float64Array.from(values, (value) => (typeof value === "number" ? value : NaN)), missing: NaN, lengths: null };
    case "date": {
      const spans = values.map((value) => (typeof value === "string" ? dateSpan(value) : null));
      return {
        kind: "number", count, missing: NaN,
        values: Float64Array.from(spans, (span) => span?.start ?? NaN), lengths: Uint32Array.from(spans, (span) => span?.length ?? 0),
      };
    }
    case "tags": {
      const lists = values.map((value) => (Array.isArray(value) ? value.map(codeOf) : []));
      const offsets = new Uint32Array(count + 1);
      lists.forEach((list, row) => { offsets[row + 1] = offsets[row]! + list.length; });
      return { kind: "tags", count, values: [...places.keys()], offsets, codes: Uint32Array.from(lists.flat()) };
    }
    default: {
      const missing = 0xffffffff;
      const codes = Uint32Array.from(values, (value) => (value === undefined || value === "" ? missing : codeOf(String(value))));
      return { kind: "category", count, values: [...places.keys()], codes, missing };
    }
  }
}
