/** Completions of what a person is typing: words of the collection, and values of its fields. */
import type { FieldDefinition } from "../../format/index";
import type { ColumnSource } from "../column-source";
import { byFrequency } from "../values";
import { findField, isStopWord, normal, plainCharacters, quotedValue } from "../query/index";
import type { Suggestion } from "../types";
import type { Lexicon } from "./lexicon";

/** Offering a field's values loads them. If they are larger than this, they are not loaded until a filter needs them. */
const SMALL_COLUMN_BYTES = 200_000;
const VALUES = 3;

/** A field and the beginning of its value, which may be between quotes that are still open. */
const FIELD_AT_END = /^(|.*?\s)([+\u2010-\u2015\u2212-]?)([A-Za-z][A-Za-z0-9_]*):(?:"([^"]*(?:""[^"]*)*)|([^\s"]*))$/su;

export interface Sources {
  fields: readonly FieldDefinition[];
  lexicon: () => Promise<Lexicon | null>;
  column: (name: string) => Promise<ColumnSource>;
  /** How many images the collection has. */
  count: number;
}

/** Suggestions for the end of `text`, best first, each with the completed query. */
export async function complete(text: string, { fields, lexicon, column, count: most }: Sources, limit: number): Promise<Suggestion[]> {
  const typed = FIELD_AT_END.exec(plainCharacters(text));
  if (typed) {
    const [, earlier = "", sign = "", name = "", quoted, bare = ""] = typed;
    const before = text.slice(0, earlier.length);
    const value = quoted?.replaceAll('""', '"') ?? bare;
    const field = findField(name.toLowerCase(), fields);
    if (!field?.column || !named(field)) return [];
    return (await valuesOf(field, value, column, limit, true)).map((found) => ({
      kind: "value", text: `${before}${sign}${name}:${quotedValue(found)} `, shown: found, field: field.label,
    }));
  }
  const [, before = "", token = ""] = /^(.*?)(\S*)$/su.exec(text) ?? [];
  const [, lead = "", word = ""] = /^([+-]?(?:[0-9]+\*)?[("]*)(.*)$/su.exec(token) ?? [];
  const suggestions: Suggestion[] = [];
  if (!lead && !before.includes(":")) suggestions.push(...await values(text.trim(), fields, column));
  if (word.length >= 2 && /^[\p{L}\p{N}'’-]+$/u.test(word)) {
    const words = (await lexicon())?.completions(word, limit + 8) ?? [];
    for (const { word: found, count } of words) {
      if (!isStopWord(found)) suggestions.push({ kind: "word", text: `${before}${lead}${found} `, shown: `${before}${lead}${found}`, count: Math.min(count, most) });
    }
  }
  const seen = new Set<string>();
  return suggestions.filter(({ kind, shown }) => {
    const key = `${kind} ${normal(shown)}`;
    return !seen.has(key) && seen.add(key);
  }).slice(0, limit);
}

/** Values of facets that begin with the whole text. */
async function values(
  text: string, fields: readonly FieldDefinition[], column: Sources["column"],
): Promise<Suggestion[]> {
  if (text.length < 2) return [];
  const sized = await Promise.all(fields.filter((field) => field.facet && named(field) && field.column)
    .map(async (field) => ({ field, source: await column(field.name) })));
  const able = sized.flatMap(({ field, source }) => (source.bytes <= SMALL_COLUMN_BYTES ? [field] : []));
  const found = await Promise.all(able.map(async (field) => (await valuesOf(field, text, column, VALUES)).map((value): Suggestion => (
    { kind: "value", text: `${field.name}:${quotedValue(value)} `, shown: value, field: field.label }
  ))));
  return found.flat().slice(0, VALUES);
}

function named({ type }: FieldDefinition): boolean {
  return type === "tags" || type === "category" || type === "boolean";
}

/** Values of a column that begin with the text, or contain a word that does; most frequent first. `rare`: of a large column, look for rare ones as well. */
async function valuesOf({ name }: FieldDefinition, start: string, column: Sources["column"], limit: number, rare = false): Promise<string[]> {
  const wanted = normal(start);
  const known = await frequentValues(await column(name), rare ? wanted : "");
  const first: string[] = [];
  const inside: string[] = [];
  for (const value of known) {
    const have = normal(value);
    if (have.startsWith(wanted)) first.push(value);
    else if (wanted && ` ${have}`.includes(` ${wanted}`)) inside.push(value);
    if (first.length >= limit) break;
  }
  return [...first, ...inside].slice(0, limit);
}

/** Values of a column, the most frequent first; of a large one the most frequent of all, then those that begin with `wanted` unless it is empty. */
async function frequentValues(source: ColumnSource, wanted: string): Promise<readonly string[]> {
  if (source.values) {
    const [top, others] = await Promise.all([source.values.top(0), wanted ? source.values.starting(wanted) : []]);
    return [...new Set([...top, ...byFrequency(others)].map(({ value }) => value))];
  }
  const column = await source.whole();
  return column.kind === "number" ? [] : column.values;
}
