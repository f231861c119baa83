/** What a list shows of a record: texts cut to fit, and how much room it gives them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { FieldDefinition, Highlight, ImageDocument } from "../../web_assets/src/engine/types";
import { contentOf, shapeOf } from "../../web_assets/src/ui/results/list/content";
import { emWidth, excerpt, fitting, fittingValues, isMarked } from "../../web_assets/src/ui/results/list/snippet";

const ELLIPSES = /^… | …$/g;
/** Without half a surrogate pair. */
const wellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);
const LONG = Array.from({ length: 80 }, (_, i) => `word${i}`).join(" ");

describe("an excerpt", () => {
  it("is the whole text if it fits, with one space for every run of them", () => {
    expect(excerpt(["a  plain\n\ntext"], 100)).toEqual(["a plain text"]);
    expect(excerpt(["", "marked", " text"], 100)).toEqual(["", "marked", " text"]);
    expect(excerpt([], 10)).toEqual([]);
  });

  it("begins at the start, or a little before the first matched word, and cuts between words", () => {
    expect(excerpt([LONG], 40)).toEqual(["word0 word1 word2 word3 word4 word5 …"]);
    const [before, , after] = [LONG, "harbour", ` ${LONG}`];
    const cut = excerpt([before, "harbour", after], 160);
    expect(cut[1]).toBe("harbour");
    expect(cut[0]).toMatch(/^… word\d+ .*word79$/);
    expect(cut[2]).toMatch(/^ word0 .*word\d+ …$/);
  });

  it("is part of the text, keeps pieces in turns, splits no character, and is never longer", () => {
    const text = fc.array(fc.oneof(fc.constantFrom("word ", "naïve ", "🦆", "伊藤", "\n", "x".repeat(30)), fc.string()), { maxLength: 30 }).map((parts) => parts.join(""));
    fc.assert(fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), fc.integer({ min: 61, max: 200 }), (pieces, most) => {
      const cut = excerpt(pieces, most);
      const joined = cut.join("");
      expect(joined.replace(ELLIPSES, "").length).toBeLessThanOrEqual(most + 1);
      const whole = pieces.map((piece) => piece.replace(/\s+/gu, " ")).join("").replace(/\s+/gu, " ");
      expect(whole).toContain(joined.replace(ELLIPSES, "").trim().replace(/\s+/gu, " "));
      if (pieces.every(wellFormed)) expect(wellFormed(joined)).toBe(true);
      // A marked piece stays one.
      cut.forEach((piece, i) => { if (i % 2 && piece) expect(pieces.some((other, j) => j % 2 === 1 && other.replace(/\s+/gu, " ").includes(piece.replace(ELLIPSES, "")))).toBe(true); });
    }), { numRuns: 300 });
  });

  it("tells whether a word is matched", () => {
    expect(isMarked(["plain"])).toBe(false);
    expect(isMarked(["", ""])).toBe(false);
    expect(isMarked(["a ", "b"])).toBe(true);
  });
});

describe("values and tags in one line", () => {
  it("shows the values that fit, the last one perhaps cut", () => {
    const long = { label: "Taken", value: "November 7, 2000 at 10:41 AM" };
    const short = { label: "ISO", value: "100" };
    expect(fittingValues([long, short], 18)).toBe(1);
    expect(fittingValues([long, short], 24)).toBe(2);
    // Six letters of a long value are worth showing, fewer are not.
    expect(fittingValues([short, long], 13)).toBe(2);
    expect(fittingValues([short, long], 9)).toBe(1);
    expect(fittingValues([long, long, long], Infinity)).toBe(3);
    expect(fittingValues([long], 1)).toBe(1);
    expect(fittingValues([], 10)).toBe(0);
  });

  it("are as many as fit, with room for the number of the others", () => {
    expect(fitting([4, 4, 4], 12, 3)).toBe(3);
    expect(fitting([4, 4, 4], 11, 3)).toBe(2);
    expect(fitting([4, 4, 4], 10, 3)).toBe(1);
    expect(fitting([40], 10, 3)).toBe(0);
    expect(fitting([], 10, 3)).toBe(0);
  });

  it("are wider in scripts whose letters are", () => {
    expect(emWidth("川瀬巴水")).toBeGreaterThan(1.6 * emWidth("moth"));
    expect(emWidth("WWW")).toBeGreaterThan(emWidth("www".replace(/w/g, "i")));
    expect(emWidth("")).toBe(0);
  });
});

const field = (name: string, type: FieldDefinition["type"] = "text"): FieldDefinition =>
  ({ name, label: name.toUpperCase(), type, fts: true, facet: false, column: true });
const fields = [field("title"), field("text"), field("notes"), field("year", "number"), field("tags", "tags")];
const list = { title: "title", text: "text", columns: ["year", "tags"] };
const record = (values: ImageDocument["fields"]): ImageDocument => ({ id: "00000000000000aa", path: "a/record-7", width: 0, height: 0, fields: values });

describe("the content of a record", () => {
  it("has title, text, values and tags; what is empty is left out", () => {
    const content = contentOf(record({ title: "A vase", text: "Blue.", year: 1832, tags: ["clay", "blue"] }), list, fields, []);
    expect(content).toMatchObject({ title: ["A vase"], reading: false, text: { label: null, pieces: ["Blue."] } });
    expect(content.values.map(({ value }) => value)).toEqual([1832]);
    expect(content.tags.map(({ value }) => value)).toEqual([["clay", "blue"]]);
    expect(contentOf(record({ title: "A vase", tags: [] }), list, fields, [])).toMatchObject({ text: null, values: [], tags: [] });
  });

  it("reads a text without a title, and names a record that has neither", () => {
    expect(contentOf(record({ text: "a castle above the clouds" }), { ...list, title: null }, fields, [])).toMatchObject({ title: ["a castle above the clouds"], reading: true, text: null });
    expect(contentOf(record({}), list, fields, []).title.join("")).toMatch(/record.7/);
  });

  it("says in which field the words are, if they are elsewhere", () => {
    const marks: Highlight[] = [{ field: "notes", pieces: ["Found in an ", "attic", "."] }];
    const content = contentOf(record({ title: "A vase", text: "Blue.", notes: "Found in an attic." }), list, fields, marks);
    expect(content.text).toEqual({ label: "NOTES", pieces: ["Found in an ", "attic", "."] });
    const inTitle: Highlight[] = [...marks, { field: "title", pieces: ["A ", "vase"] }];
    expect(contentOf(record({ title: "A vase", text: "Blue.", notes: "Found in an attic." }), list, fields, inTitle)).toMatchObject({ title: ["A ", "vase"], text: { label: null } });
  });
});

describe("the shape of rows", () => {
  it("gives every row the same height, more for fingers and narrow screens", () => {
    const [wide, narrow] = [shapeOf(list, fields, 70, false), shapeOf(list, fields, 24, false)];
    expect(wide).toMatchObject({ aside: true, titleLines: 1, textLines: 2, tags: true });
    expect(narrow).toMatchObject({ aside: false, titleLines: 2, textLines: 2 });
    expect(narrow.height).toBeGreaterThan(wide.height);
    expect(shapeOf(list, fields, 24, true).height).toBeGreaterThan(narrow.height);
    expect(shapeOf({ ...list, columns: [] }, fields, 70, false)).toMatchObject({ aside: false, values: 0, tags: false });
    expect(shapeOf({ title: null, text: "text", columns: [] }, fields, 70, false)).toMatchObject({ titleLines: 3, textLines: 0 });
  });
});
