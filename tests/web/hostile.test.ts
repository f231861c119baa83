/** Hostile files, bundles, queries and links: each is read or refused with a FormatError, and nothing else happens. */
import fc from "fast-check";
import { strToU8, unzipSync, zipSync } from "fflate";
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readBundle } from "../../web_assets/src/additions/bundle";
import { importedFields } from "../../web_assets/src/additions/exchange";
import { captionField, tagsField } from "../../web_assets/src/additions/fields";
import { expandTokenizer } from "../../web_assets/src/encoder/tokenizer";
import { highlightExpression, planText } from "../../web_assets/src/engine/plan";
import { parse } from "../../web_assets/src/engine/query/index";
import {
  entriesIn, FormatError, parseJson, readColumn, readColumnsIndex, readContainer, readDocuments, readIds, readManifest, readModelIndex,
  readNode, readOrder, readPack, readQuantizer, readRows, readVectors, readWords,
  type FieldDefinition, type FieldType,
} from "../../web_assets/src/format/index";
import { nameOf, sheetOf } from "../../web_assets/src/ui/detail/fields";
import { originalLink, safeLink, siteFile } from "../../web_assets/src/ui/links";
import { forPeople } from "../../web_assets/src/ui/state/for-people";
import { formatView, parseView } from "../../web_assets/src/ui/state/view";
import { bytes, decoded, golden, json } from "./support/files";

const SITE = [golden, "site-tiny"] as const;
const file = (kind: string): Uint8Array<ArrayBuffer> =>
  decoded(...SITE, "data", readdirSync([...SITE, "data"].join("/")).find((name) => name.startsWith(`${kind}.`))!);
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

const ODD = fc.constantFrom<unknown>(
  null, true, -1, 0, 1, 2 ** 53, 1e308, 0.5, "", "x", "../x", "/etc/passwd", "javascript:alert(1)", "constructor", "__proto__", "\0", "\u202e",
  "a".repeat(3000), [], [null], [[]], ["x"], {}, { constructor: 1 }, { path: 1, bytes: 1, raw_bytes: 1, sha256: 1 },
);
const NAMES = fc.constantFrom("constructor", "__proto__", "toString", "hasOwnProperty", "then", "length");

/** A JSON value with one to three places changed: another value, another key, or nothing. */
function changed(base: unknown): fc.Arbitrary<unknown> {
  const change = fc.tuple(fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 6 }), ODD, NAMES, fc.nat(5));
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    const result = { root: structuredClone(base) } as Record<string, unknown>;
    for (const [path, odd, name, kind] of changes) {
      let [holder, key] = [result, "root"];
      for (const part of path) {
        const inner = holder[key];
        if (typeof inner !== "object" || inner === null || !Object.keys(inner).length) break;
        holder = inner as Record<string, unknown>;
        key = Object.keys(inner)[Math.floor(part * Object.keys(inner).length)]!;
      }
      if (kind === 0) Reflect.deleteProperty(holder, key);
      else if (kind === 1 && !Array.isArray(holder)) {
        Object.defineProperty(holder, name, { value: structuredClone(odd), enumerable: true, configurable: true, writable: true });
      } else holder[key] = structuredClone(odd);
    }
    return JSON.parse(JSON.stringify(result["root"] ?? null)) as unknown;
  });
}

/** Bytes with some of them changed, missing or added. */
function damaged(base: Uint8Array): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return fc.tuple(fc.array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { maxLength: 8 }), fc.nat(base.length), fc.nat(3)).map(([edits, at, kind]) => {
    const copy = new Uint8Array(base);
    for (const [place, value] of edits) copy[place] = value;
    if (kind === 0) return copy.slice(0, at);
    if (kind === 1) return new Uint8Array([...copy.slice(0, at), ...copy.slice(at + 7)]);
    return copy;
  });
}

/** Runs `use`, which may only fail with a FormatError. */
function refusedOrNot(use: () => unknown): boolean {
  try {
    use();
    return false;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    expect(error.message.length).toBeLessThan(4_000);
    return true;
  }
}

function check<T>(values: fc.Arbitrary<T>, use: (value: T) => unknown, numRuns = 300): number {
  let refused = 0;
  fc.assert(fc.property(values, (value) => { refused += Number(refusedOrNot(() => use(value))); }), { numRuns });
  return refused;
}

const manifest = json(...SITE, "manifest.json");
const fields = readManifest(manifest).fields;
const pack = json(golden, "pack-tiny", "pack.json");

describe("files of a hostile site", () => {
  it("a manifest, and all that the page shows of it", () => {
    const refused = check(changed(manifest), (value) => {
      const read = readManifest(value);
      entriesIn(value);
      const shown = forPeople(read);
      for (const { label } of shown.fields) expect([...label].length).toBeLessThanOrEqual(120);
      expect(JSON.stringify([shown.collection.title, shown.collection.description, shown.fields])).not.toMatch(/[\u202a-\u202e]/);
      captionField(read.fields);
      tagsField(read.fields);
    }, 600);
    expect(refused).toBeGreaterThan(20);
  });

  it("documents, and all that the page shows of them", () => {
    const documents = parseJson(file("documents"), "") as unknown[];
    check(changed(documents), (value) => {
      for (const document of readDocuments(encode(value), documents.length)) {
        expect(nameOf(document)).not.toMatch(/[\u202a-\u202e\0]/);
        const sheet = sheetOf(document, fields);
        for (const { lines } of sheet.groups) for (const line of lines) expect(["string", "number", "boolean", "object"]).toContain(typeof line.value);
        if (document.original !== undefined) expect(originalLink(document.original, "https://a.b/c/") ?? "https:").toMatch(/^https?:/);
        if (document.view) siteFile(document.view.path, "https://a.b/c/");
      }
    }, 600);
  });

  it("indexes, packs and tokenizers", () => {
    const index = parseJson(file("columns"), "");
    check(changed(index), (value) => readColumnsIndex(encode(value), fields, 24));
    const summary = { ...(pack as object), file: null } as never;
    check(changed({ pack, files: {} }), (value) => readModelIndex(encode(value), summary));
    check(changed(pack), (value) => readPack(value));
    const tokenizer = parseJson(decoded(golden, "pack-tiny", "tokenizer.json.gz"), "");
    check(changed(tokenizer), (value) => expandTokenizer(value));
  });

  it("containers of every kind", () => {
    for (const kind of ["tags", "place", "rating", "taken", "favourite", "ids", "rows", "vectors", "quantizer", "order"]) {
      if (!readdirSync([...SITE, "data"].join("/")).some((name) => name.startsWith(`${kind}.`))) continue;
      const base = file(kind);
      const types: FieldType[] = ["tags", "category", "number", "date", "boolean"];
      check(damaged(base), (data) => {
        const names = ["column", "ids", "rows", "vectors", "quantizer", "order", "index"];
        for (const name of names) refusedOrNot(() => readContainer(data, name));
        for (const type of types) refusedOrNot(() => readColumn(data, type, 12));
        const readers = [
          () => readIds(data, 0, 0, 12), () => readRows(data, 0, 12), () => readOrder(data, 0, 12, 12), () => readQuantizer(data, 8),
          () => readVectors(data, 0, 12, 8), () => readWords(data), () => readNode(data),
        ];
        for (const reader of readers) refusedOrNot(reader);
      }, 60);
    }
  });
});

describe("hostile bundles", () => {
  const whole = bytes(golden, "bundle-tiny.zip");
  const sha256 = (data: ArrayBuffer) => crypto.subtle.digest("SHA-256", data);
  const read = async (data: Uint8Array<ArrayBuffer>): Promise<boolean> => {
    try {
      const bundle = await readBundle(new Blob([data]), sha256);
      for (const picture of bundle.index.pictures) {
        const { caption, tags } = importedFields(bundle.index, picture);
        expect(typeof caption).toBe("string");
        for (const tag of tags) expect(typeof tag).toBe("string");
        await bundle.picture(picture);
      }
      return false;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return true;
    }
  };

  it("with damaged bytes", async () => {
    await fc.assert(fc.asyncProperty(damaged(whole), async (data) => { await read(data); }), { numRuns: 400 });
  });

  it("with a changed index", async () => {
    const parts = unzipSync(whole);
    const index: unknown = JSON.parse(new TextDecoder().decode(parts["bundle.json"]));
    await fc.assert(fc.asyncProperty(changed(index), async (value) => {
      await read(zipSync({ ...parts, "bundle.json": encode(value) }, { level: 0 }) as Uint8Array<ArrayBuffer>);
    }), { numRuns: 300 });
  });

  it.each([
    "../evil.png", "/etc/passwd", "pictures/../x.png", "pictures\\x.png", "constructor", "pictures/constructor.png", "bundle.json/x", "",
  ])("with a member called %j", async (name) => {
    const parts = unzipSync(whole);
    const data = zipSync(Object.fromEntries([...Object.entries(parts), [name, strToU8("x")]]), { level: 0 });
    expect(await read(data as Uint8Array<ArrayBuffer>)).toBe(true);
  });

  it("with an index that says it is huge", async () => {
    const data = zipSync({ "bundle.json": new Uint8Array(40 << 20) }, { level: 9 });
    expect(await read(data as Uint8Array<ArrayBuffer>)).toBe(true);
  });
});

describe("hostile texts", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary" }), NAMES,
    fc.constantFrom('"', "(", ")", "*", ":", "-", "+", "NEAR(", " AND ", " OR ", "k:", "sort:", "like:", "image:", "..", "\0", "\ud800", "is.", "in.", "&", "=", "%", "#", ","),
  );
  const text = fc.array(piece, { maxLength: 60 }).map((parts) => parts.join(""));

  it("as queries", () => {
    fc.assert(fc.property(text, fc.boolean(), (value, expressions) => {
      const plan = planText(parse(value, { expressions }), fields as FieldDefinition[], ["name", "constructor"]);
      highlightExpression(plan);
    }), { numRuns: 1500 });
  });

  it.each(["(", '"', "-", "a:", "NEAR(", "\u0301", "* ", "1*", "image:", '""', "a\u00ad"])("as long queries of %j", (part) => {
    const begun = performance.now();
    planText(parse(part.repeat(200_000 / part.length)), fields as FieldDefinition[], ["name"]);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it("as links to views, which stay what they are", () => {
    fc.assert(fc.property(text, text, (search, hash) => {
      const view = parseView(`?${search}`, `#${hash}`);
      expect(view.filters.length).toBeLessThanOrEqual(200);
      const again = parseView("", formatView(view));
      expect(formatView(again)).toBe(formatView(view));
    }), { numRuns: 1500 });
    const many = Array.from({ length: 5000 }, (_, at) => `is.f${String(at)}=x&like=${"0123456789abcdef,".repeat(9)}`).join("&");
    const view = parseView("", `#${many}`);
    expect([view.filters.length, view.like.length]).toEqual([200, 1]);
  });

  it("as addresses, which lead to the web or into the site only", () => {
    fc.assert(fc.property(fc.oneof(fc.webUrl(), text), (value) => {
      expect(safeLink(value) ?? "https:").toMatch(/^https?:/);
      expect(siteFile(value, "https://a.b/c/index.html") ?? "https://a.b/c/").toMatch(/^https:\/\/a\.b\/c\//);
      expect(originalLink(value, "https://a.b/c/") ?? "https:").toMatch(/^https?:/);
    }), { numRuns: 1500 });
  });
});
