/** Years, months and days that are typed into the search box. */
import { describe, expect, it } from "vitest";

import type { FieldDefinition } from "../../web_assets/src/engine/types";
import { dateSuggestion, typedDate } from "../../web_assets/src/ui/search/typed-date";

const field = (name: string, type: FieldDefinition["type"]): FieldDefinition => ({ name, label: `The ${name}`, type, fts: false, facet: false, column: true });

describe("a typed date", () => {
  it.each([
    ["2008", "2008"], [" 2008 ", "2008"], ["2008-07", "2008-07"], ["2008-07-03", "2008-07-03"], ["July 2008", "2008-07"], ["jul 2008", "2008-07"],
    ["Sept. 2008", null], ["3 July 2008", "2008-07-03"], ["3. december 1999", "1999-12-03"], ["31 June 2008", null], ["2008-13", null], ["0000", null],
    ["20", null], ["20080", null], ["cat 2008", null], ["2008 cats", null], ["", null], ["July", null],
  ])("%j is %j", (text, said) => {
    expect(typedDate(text)).toBe(said);
  });

  it("is a suggestion if the collection has dates", () => {
    expect(dateSuggestion("July 2008", [field("printed", "date"), field("taken", "date")])).toEqual({ kind: "value", text: "taken:2008-07", shown: "July 2008", field: "The taken" });
    expect(dateSuggestion("2008", [field("printed", "date")])?.text).toBe("printed:2008");
    expect(dateSuggestion("2008", [field("year", "number")])).toBeNull();
    expect(dateSuggestion("cat", [field("taken", "date")])).toBeNull();
  });
});
