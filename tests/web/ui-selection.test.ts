/** Choosing results, links to sets, and what is taken along. */
import { unzipSync } from "fflate";
import { describe, expect, it } from "vitest";

import { allOf, missingPages, MOST, toggled, withRange } from "../../web_assets/src/ui/selection/choose";
import { credit, creditTable } from "../../web_assets/src/ui/selection/credits";
import { Names } from "../../web_assets/src/ui/selection/names";
import { pack, shortfall, type Wanted } from "../../web_assets/src/ui/selection/pack";
import { MOST_IDS, packIds, unpackIds } from "../../web_assets/src/ui/state/ids";
import { browseList, firstPage, withPage, type List } from "../../web_assets/src/ui/state/list";
import { formatView, HOME, parseView, SET_FIELD } from "../../web_assets/src/ui/state/view";
import type { FieldDefinition, ImageDocument, Result, RowInfo } from "../../web_assets/src/engine/types";

const idOf = (row: number): string => row.toString(16).padStart(16, "0");
const info = (row: number): RowInfo => ({ row, id: idOf(row), width: 3, height: 2, thumbnail: null, placeholder: new Uint8Array() });
const ready = (rows: number[], twins: Record<number, number> = {}) => ({
  status: "ready" as const, infos: rows.map(info),
  results: rows.map((row): Result => ({ row, score: 1, ...(row in twins ? { duplicateOf: twins[row]! } : {}) })),
});

/** 30 results in pages of 10, of which the first and the last are loaded. */
function list(): List {
  const empty = browseList("key", 30, 10);
  const first = withPage(empty, 0, ready([...Array(10).keys()], { 4: 3 }), 30);
  return withPage(first, 2, ready([20, 21, 22, 23, 24, 25, 26, 27, 28, 29]), 30);
}

describe("choosing", () => {
  it("adds and removes a result", () => {
    const one = toggled(new Map(), "a", 1);
    expect([...toggled(one, "b", 2)]).toEqual([["a", 1], ["b", 2]]);
    expect([...toggled(one, "a", 1)]).toEqual([]);
  });

  it("adds everything between two places, in either direction, but for look-alikes that are hidden", () => {
    const before = toggled(new Map(), idOf(9), 9);
    expect([...withRange(before, list(), 5, 2, () => false).values()]).toEqual([9, 2, 3, 5]);
    expect([...withRange(before, list(), 2, 5, () => true).values()]).toEqual([9, 2, 3, 4, 5]);
  });

  it("knows which pages a range still needs", () => {
    expect(missingPages(list(), 25, 3)).toEqual([1]);
    expect(missingPages(list(), 3, 7)).toEqual([]);
  });

  it("says what all results are", () => {
    expect(allOf(list())).toEqual({ count: 30, kind: "results" });
    expect(allOf(browseList("key", 1_000_000))).toEqual({ count: MOST, kind: "results" });
    const ranked = (divide: number): List => firstPage("key", {
      results: ready([...Array(10).keys()]).results, total: null, divide, stage: "final", notices: [], elapsedMs: 1,
    }, ready([...Array(10).keys()]).infos, 1000, 10);
    expect(allOf(ranked(7))).toEqual({ count: 7, kind: "likely matches" });
    expect(allOf(ranked(0))).toEqual({ count: 10, kind: "loaded results" });
  });
});

describe("a link to a set", () => {
  /** A random generator with a seed: 64-bit ids. */
  const random = (count: number): string[] => {
    let state = 88172645463325252n;
    return Array.from({ length: count }, () => {
      state ^= (state << 13n) & 0xffffffffffffffffn;
      state ^= state >> 7n;
      state ^= (state << 17n) & 0xffffffffffffffffn;
      return state.toString(16).padStart(16, "0");
    });
  };

  it("gives the same ids back, once each and in rising order", () => {
    for (const count of [0, 1, 2, 3, 17, 100, MOST_IDS]) {
      const ids = random(count);
      expect(unpackIds(packIds([...ids, ...ids]))).toEqual([...ids].sort());
    }
    const edges = ["0000000000000000", "0000000000000001", "ffffffffffffffff"];
    expect(unpackIds(packIds(edges))).toEqual(edges);
    expect(packIds(random(100)).length).toBeLessThanOrEqual(1010);
    expect(unpackIds(packIds(random(MOST_IDS + 5)))).toHaveLength(MOST_IDS);
  });

  it("that is damaged gives no more than valid ids", () => {
    const whole = packIds(random(20));
    for (const text of ["", "A", "!", "_____", "B" + "_".repeat(50_000), "B" + "A".repeat(50_000), whole.slice(0, -3), whole + "*"]) {
      const ids = unpackIds(text);
      expect(ids.length).toBeLessThanOrEqual(MOST_IDS);
      expect(ids.filter((id) => !/^[0-9a-f]{16}$/.test(id))).toEqual([]);
    }
    expect(unpackIds(whole.slice(0, -3))).toHaveLength(19);
  });

  it("is part of a view, beside words and filters", () => {
    const ids = random(5).sort();
    const view = { ...HOME, text: "boat", filters: [{ field: SET_FIELD, kind: "ids" as const, values: ids }, { field: "kind", kind: "any" as const, values: ["art"] }] };
    expect(parseView("", formatView(view))).toEqual(view);
    expect(parseView("", "#like=-0123456789abcdef,zz,0123456789abcdef").like).toEqual(["-0123456789abcdef", "0123456789abcdef"]);
  });
});

describe("names of files", () => {
  it("are safe on every system, and differ", () => {
    const names = new Names(["credits.csv"]);
    expect(names.next("a/b/Übung 1.JPG", "jpg")).toBe("Übung 1.jpg");
    expect(names.next("c/übung 1.jpg", "jpg")).toBe("übung 1 (2).jpg");
    expect(names.next("../../etc/pass:wd?.png", "png")).toBe("pass_wd_.png");
    expect(names.next("x/con.webp", "webp")).toBe("con_.webp");
    expect(names.next("x/gpj.\u202Eexe.jpg", "jpg")).toBe("gpj._exe.jpg");
    expect(names.next("credits.csv", "csv")).toBe("credits (2).csv");
    expect(names.next("..", "")).toBe("_");
    expect(names.next("a\u0000b\n.jpg", "jpg")).toBe("a_b_.jpg");
    expect(names.next(`${"é".repeat(300)}.jpg`, "jpg").length).toBeLessThan(130);
  });
});

const field = (name: string, type: FieldDefinition["type"] = "text"): FieldDefinition => ({ name, label: name, type, facet: false, column: false, fts: true });
const fields = [field("title"), field("creator"), field("licence"), field("iso", "number")];
const documentOf = (path: string, values: ImageDocument["fields"] = {}): ImageDocument => ({ id: idOf(1), path, width: 3, height: 2, fields: values });

describe("credits", () => {
  it("name the picture, who made it, and its licence", () => {
    expect(credit(documentOf("a.jpg", { title: "A boat", creator: "Ann\nLee", licence: "CC BY 4.0", iso: 100 }), fields)).toBe("A boat. Ann Lee. CC BY 4.0");
  });

  it("are a table that no spreadsheet runs", () => {
    const table = creditTable([{ file: "a.jpg", link: "https://x.org/#image=1", document: documentOf("a.jpg", { title: "=1+1", creator: 'The "Lees", both' }) }], fields);
    expect(table.split("\n")).toEqual(["\ufefffile,id,name,link,creator,licence", `a.jpg,${idOf(1)},'=1+1,https://x.org/#image=1,"The ""Lees"", both",`, ""]);
  });
});

describe("a ZIP file", () => {
  const wanted = (path: string, bytes: number[] | Error | null): Wanted => ({
    document: documentOf(path, { title: path }), link: "https://x.org/",
    picture: bytes && { path: `originals/${path}`, load: () => (bytes instanceof Error ? Promise.reject(bytes) : Promise.resolve(new Blob([Uint8Array.from(bytes)]))) },
  });
  const packed = async (all: Wanted[], mostBytes = 1000) => {
    const done: number[] = [];
    const made = await pack(all, fields, { signal: new AbortController().signal, onDone: (number) => done.push(number), mostBytes });
    return { made, done, files: unzipSync(new Uint8Array(await made.file.arrayBuffer())) };
  };

  it("has the pictures and their credits, and says what is missing", async () => {
    const { made, done, files } = await packed([wanted("a/ä.jpg", [1, 2]), wanted("b/ä.jpg", [3]), wanted("c.png", new Error("gone")), wanted("text", null)]);
    expect(Object.keys(files)).toEqual(["ä.jpg", "ä (2).jpg", "credits.csv"]);
    expect([...files["ä (2).jpg"]!]).toEqual([3]);
    const lines = new TextDecoder().decode(files["credits.csv"]).trimEnd().split("\n");
    expect(lines.map((line) => line.split(",")[0])).toEqual(["file", "ä.jpg", "ä (2).jpg", "", ""]);
    expect(made).toMatchObject({ pictures: 2, failed: ["c.png"], without: 1, beyond: 0 });
    expect(done).toEqual([1, 2, 3, 4]);
    expect(shortfall(made)).toBe("Not loaded: c.png. 1 has no picture in this site.");
  });

  it("stays below a size that every program reads", async () => {
    const { made } = await packed(Array.from({ length: 6 }, (_, i) => wanted(`${String(i)}.jpg`, [1, 2, 3])), 10);
    expect([made.pictures, made.failed, made.beyond]).toEqual([3, [], 3]);
    expect(shortfall(made)).toContain("3 did not fit");
  });

  it("is given up when the person cancels", async () => {
    const abort = new AbortController();
    const made = pack([wanted("a.jpg", [1]), wanted("b.jpg", [2])], fields, { signal: abort.signal, onDone: () => { abort.abort(); } });
    await expect(made).rejects.toThrow();
  });
});
