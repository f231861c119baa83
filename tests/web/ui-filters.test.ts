/** Choosing and excluding values, and how paths are shown. */
import { describe, expect, it } from "vitest";

import type { FieldDefinition } from "../../web_assets/src/engine/types";
import { choiceOf, choose, exclude, hasBelow, lastPart } from "../../web_assets/src/ui/filters/choice";
import { formatView, HOME, parseView, type View } from "../../web_assets/src/ui/state/view";
import { plain, shownValue } from "../../web_assets/src/ui/wording";

const field = (separator?: string): FieldDefinition => ({
  name: "folder", label: "Folder", type: "category", fts: true, facet: true, column: true, ...(separator ? { separator } : {}),
});
const again = (view: View): View => parseView("", formatView(view));

describe("choosing values", () => {
  it.each(["Doe, Jane", '5" disk', "2020/trips", "a & b=c #d", "„x“"])("keeps %s in the address", (value) => {
    const view = again(choose(choose(HOME, "author", "other"), "author", value));
    expect(choiceOf(view, "author")).toEqual({ chosen: ["other", value], excluded: [] });
    expect(choiceOf(choose(view, "author", value), "author").chosen).toEqual(["other"]);
  });

  it("excludes instead of choosing, and the other way round", () => {
    const chosen = choose(HOME, "folder", "2020");
    const excluded = exclude(chosen, "folder", "2020");
    expect(choiceOf(excluded, "folder")).toEqual({ chosen: [], excluded: ["2020"] });
    expect(choiceOf(choose(excluded, "folder", "2020"), "folder")).toEqual({ chosen: ["2020"], excluded: [] });
    expect(exclude(excluded, "folder", "2020").filters).toEqual([]);
    expect(choose({ ...HOME, image: "0123456789abcdef" }, "folder", "x").image).toBeNull();
  });
});

describe("paths", () => {
  it("are shown by their components", () => {
    expect(lastPart("2020/trips/italy", "/")).toBe("italy");
    expect(lastPart("2020", "/")).toBe("2020");
    expect(shownValue("2020/trips/", field("/"))).toBe("2020/trips");
    expect(shownValue("Places|Europe", field("|"))).toBe("Places › Europe");
    expect(shownValue("Places|Europe", field())).toBe("Places|Europe");
    expect(plain(["Places|Europe", "cat"], { ...field("|"), type: "tags" })).toBe("Places › Europe, cat");
  });

  it("open where something below is marked", () => {
    expect(hasBelow("2020", "/", ["2020/trips"])).toBe(true);
    expect(hasBelow("2020", "/", ["2020", "2020/", "2020b/x", "archive/2020"])).toBe(false);
  });
});
