import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { visible } from "../../web_assets/src/base/visible";
import type { FieldDefinition, ImageDocument, Notice } from "../../web_assets/src/engine/types";
import { nameOf, sheetOf } from "../../web_assets/src/ui/detail/fields";
import { cutPieces } from "../../web_assets/src/ui/detail/marks";
import { clamp, fit, FITTED, MAX_ZOOM, pan, swipeOf, zoomAt, type Frame } from "../../web_assets/src/ui/detail/zoom";
import { originalLink, safeLink, shownLink, siteFile } from "../../web_assets/src/ui/links";
import { firstPage } from "../../web_assets/src/ui/state/list";
import { HOME, type View } from "../../web_assets/src/ui/state/view";
import { repository } from "./support/files";
import { amount, bytes, date, dayOf, loading, range, secondsOf, shownValue, summary } from "../../web_assets/src/ui/wording";

const field = (name: string, type: FieldDefinition["type"] = "text", more: Partial<FieldDefinition> = {}): FieldDefinition =>
  ({ name, label: name, type, fts: true, facet: false, column: false, ...more });
const document = (fields: ImageDocument["fields"], path = "holiday/IMG_0042.jpg"): ImageDocument =>
  ({ id: "00000000000000aa", path, width: 400, height: 300, fields });

describe("names and values that could hide something", () => {
  const cases = JSON.parse(readFileSync(join(repository, "tests", "golden", "shown.json"), "utf-8")) as [string, string][];

  it.each(cases)("are shown as in the terminal: %j", (text, expected) => {
    expect(visible(text)).toBe(expected);
    expect(visible(expected)).toBe(expected);
  });

  it("keep their lines where they have several", () => {
    expect(visible("a\n\tb\u202e\u0000\r", true)).toBe("a\n\tb\\u{202E}␀␍");
  });

  it("are visible as title, file name, filter and query", () => {
    const hostile = document({ title: "gnp.\u202egpj.exe", name: "x" }, "a\u202eb/c\u001bd.jpg");
    expect(nameOf(hostile)).toBe("gnp.\\u{202E}gpj.exe");
    expect(sheetOf(hostile, [field("title")]).title).toBe("gnp.\\u{202E}gpj.exe");
    expect(nameOf(document({}, "a\nb.jpg"))).toBe("a␊b");
    expect(shownValue("\u2066x")).toBe("\\u{2066}x");
    expect(nameOf(document({ title: "שלום עולם" }))).toBe("שלום עולם");
  });
});

describe("links from a collection", () => {
  it("are plain web links or none", () => {
    expect(safeLink("https://example.org/a b")).toBe("https://example.org/a%20b");
    for (const hostile of ["javascript:alert(1)", "JaVaScRiPt:alert(1)", " data:text/html,x", "//example.org", "ftp://a.org", "https://user:pw@a.org", "x", ""]) {
      expect(safeLink(hostile)).toBeNull();
    }
  });

  it("stay inside the site", () => {
    const base = "https://example.org/folder/index.html";
    expect(siteFile("views/a b#c.webp", base)).toBe("https://example.org/folder/views/a%20b%23c.webp");
    for (const hostile of ["../x", "a/../../x", "", "..", "a/.."]) expect(siteFile(hostile, base)).toBeNull();
    fc.assert(fc.property(fc.string(), (path) => {
      const url = siteFile(path, base);
      if (url !== null) expect(url.startsWith("https://example.org/folder/")).toBe(true);
    }));
    expect(originalLink("javascript:alert(1)", base)).toBeNull();
    expect(originalLink("https://example.com/a.jpg", base)).toBe("https://example.com/a.jpg");
    expect(originalLink("originals/a.jpg", base)).toBe("https://example.org/folder/originals/a.jpg");
  });

  it("are shown short, whatever their encoding", () => {
    expect(shownLink("https://www.example.org/")).toBe("example.org");
    expect(shownLink("https://example.org/%E0%A4%A")).toContain("example.org");
    expect(shownLink(`https://example.org/${"a".repeat(200)}`).length).toBeLessThan(60);
  });
});

describe("what an image is called", () => {
  it("is its title, else its caption, else its file name", () => {
    expect(nameOf(document({ title: "Sunset", caption: "x" }))).toBe("Sunset");
    expect(nameOf(document({ captions: ["Two dogs", "A second"], name: "IMG_0042" }))).toBe("Two dogs");
    expect(nameOf(document({ caption: "First line\nsecond line" }))).toBe("First line");
    expect(nameOf(document({}, "a/old_stone-bridge.jpg"))).toBe("old stone bridge");
  });

  it("is what it shows if the file name is only a number", () => {
    expect(nameOf(document({ name: "IMG_0042", label: "bonsai" }))).toBe("bonsai");
    expect(nameOf(document({ tags: ["sea", "dog", "ball", "sky"] }))).toBe("sea, dog, ball");
    expect(nameOf(document({ name: "IMG_0042" }))).toBe("IMG_0042");
  });

  it("is never too long", () => {
    expect(nameOf(document({ caption: "word ".repeat(200) })).length).toBeLessThan(115);
  });
});

describe("the sheet of a document", () => {
  const fields = [
    field("name"), field("title"), field("description"), field("tags", "tags"), field("licence"), field("photographer"),
    field("camera"), field("iso", "number"), field("taken", "date"), field("width", "number"), field("mood"), field("empty"),
  ];

  it("groups related fields and shows credit and licence", () => {
    const sheet = sheetOf(document({
      name: "IMG_0042", title: "Sunset", description: "Over the bay", tags: ["sea"], licence: "CC0", photographer: "Ann",
      camera: "X", iso: 100, taken: "2020-01-01", width: 400, mood: "calm", empty: "",
    }), fields);
    expect(sheet.title).toBe("Sunset");
    expect(sheet.texts.map(({ field: { name } }) => name)).toEqual(["description"]);
    expect(sheet.credit.map(({ field: { name } }) => name)).toEqual(["licence", "photographer"]);
    expect(sheet.groups.map(({ name, lines }) => [name, lines.map((line) => line.field.name)])).toEqual([
      ["Details", ["mood"]], ["When and where", ["taken"]], ["Camera", ["camera", "iso"]],
    ]);
  });
});

describe("matched words", () => {
  it("are split if a text is shown in pieces", () => {
    expect(cutPieces(["a ", "cat", ", and ", "cat\nb", " dog"], ["a cat, and cat", "b dog"], "\n"))
      .toEqual([["a ", "cat", ", and ", "cat", ""], ["", "b", " dog"]]);
    expect(cutPieces(["", "sea", ", sky"], ["sea", "sky"], ", ")).toEqual([["", "sea", ""], ["sky"]]);
    expect(cutPieces(["other"], ["text"], "")).toBeNull();
  });

  it("never lose or add a letter", () => {
    fc.assert(fc.property(fc.array(fc.string(), { minLength: 1 }), fc.infiniteStream(fc.nat({ max: 5 })), (parts, steps) => {
      const whole = parts.join(", ");
      const pieces: string[] = [];
      for (let at = 0; at < whole.length;) {
        const step = steps.next().value as number;
        pieces.push(whole.slice(at, at + step));
        at += step;
      }
      expect(cutPieces(pieces, parts, ", ")!.map((cut) => cut.join(""))).toEqual(parts);
    }));
  });
});

describe("words for numbers", () => {
  it("show bytes in decimal units, like downloads", () => {
    expect([0, 999, 1000, 1500, 22_800_000, 999_600, 4.2e9].map(bytes)).toEqual(["0 B", "999 B", "1.0 kB", "1.5 kB", "23 MB", "1.0 MB", "4.2 GB"]);
  });

  it("show dates in the picture's own local time", () => {
    expect(date("2021-05-04T23:59:00")).toMatch(/4.*2021|2021.*4/);
    expect(date("no date")).toBe("no date");
    expect(secondsOf(dayOf(1_600_000_000))).toBe(1_599_955_200);
  });

  it("show a date with no more than it says", () => {
    expect(["1993", "0079", "1745"].map(date)).toEqual(["1993", "79", "1745"]);
    expect(date("1993-05")).toBe(new Date(Date.UTC(1993, 4)).toLocaleDateString(undefined, { month: "long", year: "numeric", timeZone: "UTC" }));
    const day = date("1993-05-12");
    expect(day).toMatch(/12/);
    expect(day).not.toMatch(/\d:\d\d|00/);
    expect([date("1993-05-12T00:00"), date("1993-05-12T00:00:00")]).toEqual([day, day]);
    expect(date("1993-05-12T10")).toMatch(/10/);
    expect(date("1993-05-12T10:30:05")).toBe(date("1993-05-12T10:30"));
    expect(date("1993-05-12T10:30")).toMatch(/10:30/);
    expect(date("0079-08-24")).toMatch(/79/);
    expect(dayOf(secondsOf("0079-08-24")!)).toBe("0079-08-24");
  });

  it("leave years without separators and add units", () => {
    expect(amount(2021, field("year", "number"))).toBe("2021");
    expect(amount(35, field("focal", "number", { unit: "mm" }))).toBe("35 mm");
    expect(range(field("iso", "number"), 100)).toBe("at least 100");
  });

  it("are written as photographers write them", () => {
    const aperture = field("aperture", "number", { unit: "f/" });
    expect([5.6569, 5.66, 2.8284, 1.7818, 1.75, 4.6, 8, 22.627, 11.5, 0.95].map((value) => amount(value, aperture)))
      .toEqual(["f/5.6", "f/5.6", "f/2.8", "f/1.8", "f/1.75", "f/4.6", "f/8", "f/22", "f/11.5", "f/0.95"]);
    const exposure = field("exposure_time", "number", { unit: "s" });
    expect([0.002, 0.00100001, 0.016667, 0.3, 1 / 3, 0.5, 1, 30].map((value) => amount(value, exposure)))
      .toEqual(["1/500 s", "1/1000 s", "1/60 s", "0.3 s", "1/3 s", "1/2 s", "1 s", "30 s"]);
    expect(amount(0.002, field("duration", "number", { unit: "s" }))).toBe("0.002 s");
    expect(range(aperture, 2.8284)).toBe("at least f/2.8");
  });

  it("describe what is loading, and how much of it", () => {
    expect(loading({})).toBeNull();
    expect(loading({ model: { step: "model", loaded: 3_100_000, total: 8_600_000, done: false } }))
      .toBe("Loading the language model · 3.1 MB of 8.6 MB");
    expect(loading({ model: { step: "model", loaded: 8, total: 8, done: true } })).toBeNull();
  });
});

describe("the result count in words", () => {
  const say = (view: Partial<View>, response: { total: number | null; strictTotal?: number; divide?: number; stage?: "words" | "static" | "final"; notices?: Notice[] }, rows = 5): string => {
    const results = Array.from({ length: rows }, (_, row) => ({ row, score: 1 }));
    const infos = results.map(({ row }) => ({ row, id: String(row), width: 1, height: 1, thumbnail: null, placeholder: new Uint8Array() }));
    return summary({ ...HOME, ...view }, firstPage("#", { results, notices: [], elapsedMs: 0, stage: "final", ...response }, infos, 500), 500);
  };

  it("describes what was counted", () => {
    expect(say({}, { total: 500 })).toBe("500 pictures");
    expect(say({ filters: [{ field: "a", kind: "any", values: ["b"] }] }, { total: 5 })).toBe("5 of 500 pictures");
    expect(say({ text: "cat", mode: "words" }, { total: 5, strictTotal: 5 })).toBe("5 pictures with “cat”");
    expect(say({ text: "red cat", mode: "words" }, { total: 5, strictTotal: 2 })).toBe("2 pictures with “red cat”, 3 more with some of the words");
    expect(say({ text: "cat" }, { total: 3, stage: "words" })).toBe("So far 3 pictures with “cat”");
    expect(say({ text: "cat" }, { total: null, divide: 0, stage: "static" })).toBe("Best matches so far for “cat”");
    expect(say({ text: "cat" }, { total: null, divide: 2, stage: "static" })).toBe("So far 2 likely matches for “cat”");
    expect(say({ text: "cat" }, { total: 0, stage: "words" }, 0)).toBe("Still searching for “cat”");
    expect(say({ text: "cat" }, { total: null, divide: 1 })).toBe("1 likely match for “cat”, then the nearest");
    expect(say({ text: "cat" }, { total: null, divide: 8 }, 12)).toBe("8 likely matches for “cat”");
    expect(say({ text: "cat" }, { total: null, divide: 0 })).toBe("No likely match for “cat”; these are the nearest");
    const lost = { kind: "info", message: "Part of the vectors could not be loaded.", retry: true } as const;
    expect(say({ text: "cat" }, { total: null, divide: 0, notices: [lost] })).toBe("Best matches for “cat”");
    expect(say({ text: "cat" }, { total: null, divide: 8, notices: [lost] }, 12)).toBe("8 likely matches for “cat”");
    expect(say({ text: "cat" }, { total: 40 })).toBe("Best matches for “cat” among 40 pictures");
    expect(say({ like: ["00000000000000aa"] }, { total: null })).toBe("More like this picture");
    expect(say({ text: "cat", mode: "words" }, { total: 0 }, 0)).toBe("Nothing found for “cat”");
    expect(say({ text: '"black cat"', mode: "words" }, { total: 0 }, 0)).toBe("Nothing found for “black cat”");
    expect(say({ text: '"a" or "b"', mode: "words" }, { total: 0 }, 0)).toBe('Nothing found for “"a" or "b"”');
  });
});

describe("zoom", () => {
  const frame: Frame = { width: 800, height: 600, pictureWidth: 800, pictureHeight: 400 };
  const point = fc.integer({ min: -400, max: 400 });

  it("does not move the point under the pointer, as far as the edges allow", () => {
    const zoomed = zoomAt(FITTED, 4, 100, 0, frame);
    expect(zoomed.scale).toBe(4);
    expect((100 - zoomed.x) / zoomed.scale).toBeCloseTo(100);
  });

  it("never leaves its limits", () => {
    fc.assert(fc.property(
      fc.array(fc.tuple(fc.double({ min: 0.2, max: 5, noNaN: true }), point, point)), fc.array(fc.tuple(point, point)),
      (zooms, pans) => {
        let zoom = FITTED;
        for (const [factor, x, y] of zooms) zoom = zoomAt(zoom, factor, x, y, frame);
        for (const [x, y] of pans) zoom = pan(zoom, x, y, frame);
        expect(zoom.scale).toBeGreaterThanOrEqual(1);
        expect(zoom.scale).toBeLessThanOrEqual(MAX_ZOOM);
        expect(clamp(zoom, frame)).toEqual(zoom);
        if (zoom.scale === 1) expect(zoom).toEqual(FITTED);
      },
    ));
  });

  it("fits pictures without enlarging small ones too much", () => {
    expect(fit(4000, 3000, 800, 600, 2)).toEqual({ width: 800, height: 600 });
    expect(fit(100, 50, 800, 600, 2)).toEqual({ width: 200, height: 100 });
    expect(fit(0, 0, 800, 600, 2)).toEqual({ width: 600, height: 600 });
  });

  it("distinguishes a swipe from a scroll", () => {
    expect(swipeOf(-90, 10, -0.2)).toBe("next");
    expect(swipeOf(40, 5, 0.9)).toBe("previous");
    expect(swipeOf(40, 5, 0.1)).toBeNull();
    expect(swipeOf(80, 200, 1)).toBeNull();
  });
});
