/** Finds the field that a name means, and the values that a field term accepts. */
import type { FieldDefinition, FieldType } from "../../format/index";
import { normal } from "./characters";

const KINDS: Readonly<Record<string, FieldType>> = { tag: "tags", tags: "tags", year: "date", date: "date" };

/** The field with a name, or its plural or singular. `tag`, `year` and `date` find a field of that kind. */
export function findField(name: string, fields: readonly FieldDefinition[]): FieldDefinition | null {
  for (const candidate of [name, `${name}s`, name.replace(/s$/, "")]) {
    const field = fields.find((field) => field.name === candidate);
    if (field) return field;
  }
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  return fields.find(({ type, column }) => type === kind && column !== null) ?? null;
}

const BOOLEANS: Readonly<Record<string, string>> = { yes: "true", "1": "true", no: "false", "0": "false" };

/**
 * Whether a term accepts a value: tags as a whole, categories by any run of their words. Case, accents, `_` and `-` do
 * not matter; a trailing `*` matches any continuation; commas separate alternatives.
 */
export function valueTest(type: FieldType, wanted: string): (value: string) => boolean {
  const alternatives = wanted.split(",").flatMap((alternative) => {
    const prefix = alternative.endsWith("*");
    const want = normal(alternative.replace(/\*+$/, ""));
    if (!want) return [];
    return [{ prefix, want: type === "boolean" && Object.hasOwn(BOOLEANS, want) ? BOOLEANS[want]! : want }];
  });
  return (value) => {
    const have = normal(value);
    return alternatives.some(({ prefix, want }) =>
      have === want || (prefix && have.startsWith(want)) ||
      (type === "category" && ` ${have} `.includes(` ${want}${prefix ? "" : " "}`)));
  };
}
