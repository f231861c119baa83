/** Typographic characters and filters on values and paths: the same rules as in Python. */
import { describe, expect, it } from "vitest";
import { comparable, parents, parse, plainWords, quotedValue, valueTest, wholeForms, type Query } from "../../web_assets/src/engine/query";
import { plainCharacters, plainRange } from "../../web_assets/src/engine/query/typed";
import type { FieldType } from "../../web_assets/src/format";
import { golden, json } from "./support/files";

const shared = json<{
  typed: [string, string][];
  kept: [string, string][];
  ranges: [string, boolean, string][];
  values: [FieldType, string | null, string, string, boolean][];
  whole_or_words: [FieldType, string | null, string, string[], string[]][];
  quoted: string[];
}>(golden, "filters.json");

const meaning = (query: Query) => ({ ...query, source: "" });
const field = (type: FieldType, separator: string | null) => (separator === null ? { type } : { type, separator });

describe("typographic characters", () => {
  it.each(shared.typed)("%s acts like %s", (typed, ascii) => {
    expect(meaning(parse(typed))).toEqual(meaning(parse(ascii)));
    expect(parse(typed).source).toBe(typed);
    expect(plainCharacters(typed)).toHaveLength(typed.length);
  });

  it.each(shared.kept)("%s stays as it is", (typed, words) => {
    expect(parse(typed).terms).toEqual([{ kind: "text", value: words, weight: 1 }]);
  });

  it.each(shared.ranges)("%s as a range", (value, dates, expected) => {
    expect(plainRange(value, dates)).toBe(expected);
  });

  it("leave names of pictures as typed", () => {
    expect(parse("image:Jane’s–photo.jpg").terms).toEqual([{ kind: "image", value: "Jane’s–photo.jpg", weight: 1 }]);
    expect(parse("image:“Jane’s photo.jpg”").terms).toEqual([{ kind: "image", value: "Jane’s photo.jpg", weight: 1 }]);
    expect(parse("2*image:Jane’s.jpg –dog").terms[0]).toEqual({ kind: "image", value: "Jane’s.jpg", weight: 2 });
  });

  it("are not words of a refused expression", () => {
    expect(plainWords("“red car” OR （dog")).toBe("red car dog");
  });
});

describe("filters on values", () => {
  it.each(shared.values)("%s %s %s: %s", (type, separator, typed, value, matches) => {
    const [term] = parse(`field:${typed}`).fields;
    expect(valueTest(field(type, separator), term!.alternatives)(value)).toBe(matches);
  });

  it.each(shared.whole_or_words)("%s %s %s among %j: %j", (type, separator, typed, values, found) => {
    const { alternatives } = parse(`field:${typed}`).fields[0]!;
    const known = new Set(values.map(comparable));
    const byWords = new Set(wholeForms(field(type, separator), alternatives).filter((form) => !known.has(form)));
    expect(values.filter(valueTest(field(type, separator), alternatives, byWords))).toEqual(found);
  });

  it("may have quotes around each alternative", () => {
    const [term] = parse('author:"Doe, Jane",smith,"O""Hara, ""Sue"""').fields;
    expect(term!.alternatives).toEqual(["Doe, Jane", "smith", 'O"Hara, "Sue"']);
    expect(parse('camera:"canon eos"foo').terms).toEqual([{ kind: "text", value: "foo", weight: 1 }]);
  });

  it.each(shared.quoted)("find the value %s by its own text", (value) => {
    const { fields, terms } = parse(`tag:${quotedValue(value)} end`);
    expect(terms).toEqual([{ kind: "text", value: "end", weight: 1 }]);
    expect(fields[0]!.alternatives).toHaveLength(1);
    for (const type of ["tags", "category"] as const) {
      const test = valueTest({ type }, fields[0]!.alternatives);
      expect(test(value)).toBe(true);
      expect(test("something else")).toBe(false);
    }
  });

  it("know the parents of a path", () => {
    expect(parents("2020/trips/italy", "/")).toEqual(["2020", "2020/trips", "2020/trips/italy"]);
    expect(parents("/a//b/", "/")).toEqual(["/a", "/a//b"]);
    expect(parents("Places", "|")).toEqual(["Places"]);
    expect(parents("||", "|")).toEqual([]);
  });
});
