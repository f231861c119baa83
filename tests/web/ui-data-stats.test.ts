/** What the Data page says of a collection beside its rows: plots, citation, the model's card, and the cost of a visit. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Recorded, Request } from "../../web_assets/src/base/requests";
import type { FieldDefinition } from "../../web_assets/src/engine/types";
import { dateEdges, numberEdges } from "../../web_assets/src/ui/filters/bins";
import { bibtex, citation } from "../../web_assets/src/ui/data/cite";
import { blocksOf, piecesOf } from "../../web_assets/src/ui/data/markdown";
import { barsOf, coarser, countPlot, MOST_BARS } from "../../web_assets/src/ui/data/plot";
import { costOf, kindOf } from "../../web_assets/src/ui/data/visit";

const field = (type: "number" | "date", unit?: string): FieldDefinition => ({ name: "value", label: "Value", type, fts: false, facet: false, column: true, ...(unit ? { unit } : {}) });
const second = (day: string): number => Date.parse(`${day}T00:00:00Z`) / 1000;

describe("a plot", () => {
  it("has few bars, which enclose all values", () => {
    fc.assert(fc.property(fc.integer({ min: -1e6, max: 1e6 }), fc.integer({ min: 0, max: 1e7 }), fc.boolean(), (min, length, dated) => {
      const all = (dated ? dateEdges : numberEdges)(min, min + length);
      if (!all) return;
      const edges = coarser(all, MOST_BARS);
      expect(edges.length - 1).toBeLessThanOrEqual(MOST_BARS);
      expect([edges[0], edges.at(-1)]).toEqual([all[0], all.at(-1)]);
      expect([...edges].sort((a, b) => a - b)).toEqual(edges);
    }));
  });

  it("counts within the range of the field, and has none without values", async () => {
    const asked: number[][] = [];
    const collection = {
      range: () => Promise.resolve({ min: 1, max: 5 }),
      histogram: (_: string, { edges }: { edges: number[] }) => {
        asked.push(edges);
        return Promise.resolve({ counts: edges.slice(1).map((edge) => edge), whole: true });
      },
    };
    expect(await countPlot(collection, field("number"))).toEqual({ edges: [1, 2, 3, 4, 5, 6], counts: [2, 3, 4, 5, 6], whole: true });
    expect(asked).toHaveLength(1);
    expect(await countPlot({ ...collection, range: () => Promise.resolve(null) }, field("number"))).toBeNull();
  });

  it("has a filter for each bar, and says what it stands for", () => {
    const stars = barsOf({ edges: [1, 2, 4], counts: [3, 0], whole: true }, field("number"));
    expect(stars.map(({ text, filter }) => [text, filter])).toEqual([
      ["1", { field: "value", kind: "range", min: 1, max: 1 }], ["2 – 3", { field: "value", kind: "range", min: 2, max: 3 }],
    ]);
    expect(barsOf({ edges: [0.5, 1], counts: [1], whole: false }, field("number", "m"))[0]!.text).toBe("0.5 m – 1 m");
    const days = ["1999-01-01", "2000-01-01", "2002-01-01", "2002-02-01", "2002-02-02"].map(second);
    const dates = barsOf({ edges: days, counts: [1, 1, 1, 1], whole: true }, field("date"));
    expect(dates.map(({ text }) => text).slice(0, 2)).toEqual(["1999", "2000 – 2001"]);
    expect(dates[2]!.text).toContain("–");
    expect(dates[3]!.text).not.toContain("–");
    expect(dates[0]!.filter).toEqual({ field: "value", kind: "range", min: second("1999-01-01"), max: second("2000-01-01") - 1 });
  });
});

const BASE = "https://example.org/site/";
const request = (path: string, transferSize: number, more: Partial<Request> = {}): Request => ({
  name: path.includes(":") ? path : BASE + path, entryType: "resource", startTime: 10, workerStart: 0, transferSize, encodedBodySize: 100, ...more,
});
const thread = (since: number, ...requests: Request[]): Recorded => ({ since, requests });

describe("the cost of a visit", () => {
  it.each([
    ["", "page"], ["index.html#q=1", "page"], ["assets/app.0123.js", "page"], ["sw.js", "page"], ["manifest.json", "lists"], ["data/rows.00.bin", "lists"], ["data/ids-index.00.bin", "lists"],
    ["thumbs/00.webp", "pictures"], ["views/00.webp", "pictures"], ["data/terms-index.00.bin", "words"], ["data/words.00.bin", "words"], ["data/coarse-codes.00.bin", "meaning"],
    ["data/map-flat.00.bin", "meaning"], ["data/static.00.bin", "model"], ["model/text.00.bin", "model"], ["assets/ort-wasm-simd-threaded.00.bin", "model"], ["data/vectors_of_mine.00.bin", "lists"],
  ])("has a kind for %s", (path, kind) => {
    expect(kindOf(BASE + path, BASE)).toBe(kind);
    expect(kindOf(`https://other.example/${path}`, BASE)).toBe("other");
  });

  it("adds the page and its worker", () => {
    const cost = costOf({
      page: thread(1000, request("", 500, { entryType: "navigation" }), request("thumbs/0.webp", 300), request("thumbs/1.webp", 0), request("blob:https://example.org/1", 0)),
      worker: thread(1100, request("data/vectors.0.bin", 4000)), service: null,
    }, BASE);
    expect(cost).toEqual({
      parts: [{ kind: "page", requests: 1, bytes: 500, kept: 0 }, { kind: "pictures", requests: 2, bytes: 300, kept: 1 }, { kind: "meaning", requests: 1, bytes: 4000, kept: 0 }],
      all: { requests: 4, bytes: 4800, kept: 1 }, unknown: 0, partial: false,
    });
  });

  it("counts what the service worker has loaded once, and nothing of an earlier visit", () => {
    const asked = { workerStart: 5 };
    const cost = costOf({
      page: thread(1000, request("", 500, { entryType: "navigation", ...asked }), request("thumbs/0.webp", 0, asked), request("thumbs/0.webp", 0, asked), request("originals/0.jpg", 900, asked)),
      worker: thread(1100, request("data/rows.0.bin", 0, asked)),
      service: thread(500, request("data/rows.0.bin", 7000, { startTime: 100 }), request("thumbs/0.webp", 300, { startTime: 600 }), request("data/rows.0.bin", 2000, { startTime: 700 }), request("assets/more.0.js", 50, { startTime: 800 })),
    }, BASE);
    expect(cost.parts).toEqual([
      { kind: "page", requests: 2, bytes: 50, kept: 1 }, { kind: "pictures", requests: 3, bytes: 1200, kept: 1 }, { kind: "lists", requests: 1, bytes: 2000, kept: 0 },
    ]);
    expect([cost.all, cost.partial]).toEqual([{ requests: 6, bytes: 3250, kept: 2 }, false]);
  });

  it("says what cannot be known", () => {
    const page = thread(1000, request("thumbs/0.webp", 0, { workerStart: 5 }));
    // The service worker does not answer, or it is another one than then.
    expect(costOf({ page, worker: null, service: null }, BASE).partial).toBe(true);
    expect(costOf({ page, worker: null, service: thread(1500) }, BASE).partial).toBe(true);
    expect(costOf({ page, worker: null, service: thread(900) }, BASE).partial).toBe(false);
    const remote = costOf({ page: thread(0, request("https://other.example/a.jpg", 0, { encodedBodySize: 0 }), request("https://other.example/b.jpg", 50)), worker: null, service: null }, BASE);
    expect([remote.unknown, remote.all.bytes, remote.partial]).toEqual([1, 50, false]);
    expect(costOf({ page: thread(0, ...Array.from({ length: 10_000 }, () => request("a.png", 1))), worker: null, service: null }, BASE).partial).toBe(true);
  });
});

describe("the card of a model", () => {
  it("has headings, lists, tables, code and paragraphs", () => {
    expect(blocksOf("# One\nA line\nand another.\n\n- first\n  goes on\n- second\n\n| a | b |\n|---|---:|\n| 1 | 2 |\n| 3 |\n\n## Two\n```\n# code\n```\nEnd")).toEqual([
      { kind: "heading", level: 1, text: "One" }, { kind: "text", text: "A line and another." }, { kind: "list", items: ["first goes on", "second"] },
      { kind: "table", head: ["a", "b"], rows: [["1", "2"], ["3", ""]] }, { kind: "heading", level: 2, text: "Two" }, { kind: "code", text: "# code" }, { kind: "text", text: "End" },
    ]);
    expect(piecesOf("a **b** `c` [d](https://e.org/) *f* **g")).toEqual([
      { kind: "plain", text: "a " }, { kind: "strong", text: "b" }, { kind: "plain", text: " " }, { kind: "code", text: "c" }, { kind: "plain", text: " " },
      { kind: "link", text: "d", url: "https://e.org/" }, { kind: "plain", text: " *f* **g" },
    ]);
  });

  it("is never lost and never fails, whatever is in it", () => {
    fc.assert(fc.property(fc.array(fc.constantFrom("# a", "|", "| x |", "|-|", "- i", "  j", "```", "", "text **", "[l](javascript:alert(1))", "<b>", "\u202e")), (lines) => {
      const blocks = blocksOf(lines.join("\n"));
      if (lines.includes("<b>")) expect(JSON.stringify(blocks)).toContain("<b>");
    }));
    fc.assert(fc.property(fc.string(), (text) => {
      const back = piecesOf(text).map((piece) => piece.text).join("");
      if (!/[*`[]/.test(text)) expect(back).toBe(text);
    }));
    const started = performance.now();
    piecesOf("[".repeat(200_000));
    piecesOf("**".repeat(100_000));
    blocksOf("|-\n".repeat(60_000));
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe("a citation", () => {
  const collection = { title: "Birds & bees", description: "", count: 3, hash: "0123456789abcdef".repeat(4), source: "folder", attribution: [{ text: "Museum of Things.", licence: "CC-BY-4.0" }] };
  const source = { collection, url: "https://example.org/", day: new Date("2026-03-04T12:00:00Z") };

  it("names title, credit, licence, state, address and day", () => {
    expect(citation(source)).toBe("Birds & bees. Museum of Things. CC-BY-4.0. State 0123456789ab. https://example.org/ (accessed 2026-03-04).");
    expect(citation({ ...source, url: null, collection: { ...collection, attribution: [] } })).toBe("Birds & bees. State 0123456789ab. (accessed 2026-03-04).");
  });

  it("is an entry for BibTeX that no text can break", () => {
    expect(bibtex(source)).toContain("@misc{birdsbees,\n  title = {{Birds \\& bees}},\n  author = {{Museum of Things}},\n  url = {https://example.org/},\n  urldate = {2026-03-04},");
    const hostile = bibtex({ ...source, collection: { ...collection, title: "}} \\input{x} 猫", attribution: [] } });
    expect(hostile).toContain("title = {{inputx 猫}}");
    expect(hostile.match(/[{]/g)).toHaveLength(hostile.match(/[}]/g)!.length);
  });
});
