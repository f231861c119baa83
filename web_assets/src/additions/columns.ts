/** Columns of published rows and additions together: the published rows come first. */
import { dateSpan } from "../base/dates";
import { numberAt, type Column, type FieldDefinition, type FieldValue } from "../format/index";

/** `column` with one more row per value; undefined stands for no value. */
export function extendColumn(column: Column, field: FieldDefinition, values: readonly (FieldValue | undefined)[]): Column {
  const count = column.count + values.length;
  if (column.kind === "number") {
    const all = new Float64Array(count);
    const lengths = field.type === "date" ? new Uint32Array(count) : null;
    for (let row = 0; row < column.count; row++) all[row] = numberAt(column, row);
    if (column.lengths) lengths?.set(column.lengths);
    values.forEach((value, i) => {
      const span = lengths && typeof value === "string" ? dateSpan(value) : null;
      all[column.count + i] = span ? span.start : typeof value === "number" && !lengths ? value : NaN;
      if (span) lengths![column.count + i] = span.length;
    });
    return { kind: "number", count, values: all, missing: NaN, lengths };
  }
  const names = column.values.slice();
  const places = new Map(names.map((name, code) => [name, code]));
  const codeOf = (name: string): number => {
    const known = places.get(name);
    if (known !== undefined) return known;
    places.set(name, names.length);
    return names.push(name) - 1;
  };
  if (column.kind === "category") {
    const added = values.map((value) => (value === undefined || value === "" ? -1 : codeOf(String(value))));
    const codes = new Uint32Array(count);
    const missing = 0xffffffff;
    for (let row = 0; row < column.count; row++) codes[row] = column.codes[row] === column.missing ? missing : column.codes[row]!;
    added.forEach((code, i) => { codes[column.count + i] = code < 0 ? missing : code; });
    return { kind: "category", count, values: names, codes, missing };
  }
  const added = values.map((value) => (Array.isArray(value) ? value.map(codeOf) : []));
  const codes = new Uint32Array(column.codes.length + added.reduce((sum, list) => sum + list.length, 0));
  codes.set(column.codes);
  const offsets = new Uint32Array(count + 1);
  offsets.set(column.offsets);
  let end = column.codes.length;
  added.forEach((list, i) => {
    codes.set(list, end);
    end += list.length;
    offsets[column.count + i + 1] = end;
  });
  return { kind: "tags", count, values: names, offsets, codes };
}
