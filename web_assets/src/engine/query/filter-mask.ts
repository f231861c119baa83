/** The rows that meet a field term. */
import { numberAt, type Column } from "../../format/index";
import { emptyMask, type Mask } from "../mask";
import { holds, intervals, valueTest } from "./fields";
import type { FieldCondition } from "./plan";

/** The rows for which a condition holds, its negation included; an unknown value meets negated conditions only. */
export function conditionMask({ field, term }: FieldCondition, column: Column): Mask {
  const mask = emptyMask(column.count);
  const test = rowTest(field.type, term, column);
  for (let row = 0; row < column.count; row++) if (test(row) !== term.negated) mask[row >> 3]! |= 1 << (row & 7);
  return mask;
}

function rowTest(type: FieldCondition["field"]["type"], term: FieldCondition["term"], column: Column): (row: number) => boolean {
  if (column.kind === "number") {
    const wanted = intervals(term, type === "date");
    return (row) => holds(wanted, numberAt(column, row));
  }
  const wanted = Uint8Array.from(column.values.map(valueTest(type, term.value)), Number);
  if (column.kind === "category") return (row) => wanted[column.codes[row]!] === 1;
  return (row) => {
    for (let i = column.offsets[row]!; i < column.offsets[row + 1]!; i++) if (wanted[column.codes[i]!]) return true;
    return false;
  };
}
