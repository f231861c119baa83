/** Pictures around the same time: the date that counts, and what is searched for. */
import { describe, expect, it } from "vitest";

import { momentOf, searchesAround } from "../../web_assets/src/ui/detail/when";
import type { FieldDefinition, ImageDocument } from "../../web_assets/src/engine/types";

const field = (name: string, type: FieldDefinition["type"] = "date", column = true) =>
  ({ name, label: name, type, ...(column ? { column: {} } : {}) }) as unknown as FieldDefinition;
const document = (fields: ImageDocument["fields"]) => ({ id: "0".repeat(16), path: "a.jpg", width: 1, height: 1, fields }) as ImageDocument;
const seconds = (text: string) => Date.parse(`${text}Z`) / 1000;

describe("the moment of a picture", () => {
  it("is when it was taken, before other dates", () => {
    const fields = [field("modified"), field("taken")];
    const moment = momentOf(document({ taken: "2012-03-03T10:04:12", modified: "2020-01-01" }), fields)!;
    expect(moment.field.name).toBe("taken");
    expect(moment.start).toBe(seconds("2012-03-03T10:04:12"));
    expect(moment.day).toEqual({ field: "taken", kind: "range", min: seconds("2012-03-03T00:00:00"), max: seconds("2012-03-03T23:59:59") });
    expect(moment.shown).toMatch(/3.*2012|2012.*3/);
    expect(momentOf(document({ modified: "2020-01-01" }), fields)!.field.name).toBe("modified");
  });

  it("is a month or a year if the date does not say more", () => {
    expect(momentOf(document({ taken: "1910" }), [field("taken")])).toMatchObject({ shown: "1910", day: { min: seconds("1910-01-01T00:00:00"), max: seconds("1910-12-31T23:59:59") } });
    expect(momentOf(document({ taken: "1910-02" }), [field("taken")])!.day).toMatchObject({ min: seconds("1910-02-01T00:00:00"), max: seconds("1910-02-28T23:59:59") });
  });

  it("is null without a date that can be searched", () => {
    expect(momentOf(document({}), [field("taken")])).toBeNull();
    expect(momentOf(document({ taken: "sometime" }), [field("taken")])).toBeNull();
    expect(momentOf(document({ taken: "2012-03-03" }), [field("taken", "date", false)])).toBeNull();
    expect(momentOf(document({ taken: "2012" }), [field("taken", "text")])).toBeNull();
    expect(momentOf(document({}), [field("constructor")])).toBeNull();
  });
});

describe("the searches around it", () => {
  it("find what came before, the latest first, and what came then and after", () => {
    const moment = momentOf(document({ taken: "2012-03-03T10:00:00" }), [field("taken")])!;
    const [before, after] = searchesAround(moment, 3600, 5);
    expect(before).toMatchObject({ k: 5, sort: { field: "taken", direction: "descending" } });
    expect(after).toMatchObject({ k: 6, sort: { field: "taken", direction: "ascending" } });
    const [earlier, later] = [before.filters![0]!, after.filters![0]!] as { min: number; max: number }[];
    expect(earlier!.min).toBe(moment.start - 3600);
    expect(earlier!.max).toBeLessThan(moment.start);
    expect([later!.min, later!.max]).toEqual([moment.start, moment.start + 3600]);
  });

  it("reach at least as far as the date itself is wide", () => {
    const moment = momentOf(document({ taken: "1910" }), [field("taken")])!;
    const [before, after] = searchesAround(moment, 86_400, 5);
    expect((before.filters![0] as { min: number }).min).toBe(moment.start - 365 * 86_400);
    expect((after.filters![0] as { max: number }).max).toBe(moment.start + 2 * 365 * 86_400);
  });
});
