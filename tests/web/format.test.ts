/** Decoders against the golden site, and against everything that is not what it should be. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  FormatError, headerCount, Ids, numberAt, placeholderAt, readColumn, readContainer, readDocuments, readIds, readManifest, readPack, readRows,
  readTokenShard, readVectors, readVocabulary, section, tokenRow, type Manifest, type PackManifest,
} from "../../web_assets/src/format";
import { decoded, golden, json } from "./support/files";

const folder = `${golden}/site-tiny`;
const manifest = json<Manifest>(folder, "manifest.json");
const site = (path: string) => decoded(folder, path);

type Entry = { dtype: string; offset: number; length: number };

/** A container as text and payload, so that single parts can be made wrong. */
function container(header: unknown, payload = 64, magic = "IDB1"): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const length = text.length + ((16 - ((8 + text.length) % 16)) % 16);
  const bytes = new Uint8Array(8 + length + payload).fill(0x20);
  bytes.set(new TextEncoder().encode(magic));
  new DataView(bytes.buffer).setUint32(4, length, true);
  bytes.set(text, 8);
  bytes.fill(0, 8 + length);
  return bytes;
}

const good = { kind: "k", sections: { a: { dtype: "u8", offset: 0, length: 16 }, b: { dtype: "f32", offset: 16, length: 4 } } };

describe("container", () => {
  it("gives header and sections", () => {
    const read = readContainer(container({ ...good, count: 3 }), "k");
    expect(headerCount(read, "count")).toBe(3);
    expect(section(read, "a", ["u8"], 16)).toBeInstanceOf(Uint8Array);
    expect(section(read, "b", ["f64", "f32"], 4)).toEqual(new Float32Array(4));
  });

  it("reads from the middle of a larger buffer", () => {
    const inner = container(good);
    const outer = new Uint8Array(inner.length + 5);
    outer.set(inner, 3);
    expect(readContainer(outer.subarray(3, 3 + inner.length), "k").sections.size).toBe(2);
  });

  const withSection = (change: Partial<Record<keyof Entry, unknown>>) => container({ ...good, sections: { a: { ...good.sections.a, ...change } } });
  it.each<[string, Uint8Array]>([
    ["nothing at all", new Uint8Array(0)],
    ["seven bytes", container(good).slice(0, 7)],
    ["another magic", container(good, 64, "IDB2")],
    ["a header that ends outside", container(good).slice(0, 40)],
    ["a header that is no JSON", container("{")],
    ["a header that is no UTF-8", container(good).map((byte, i) => (i === 9 ? 0xff : byte))],
    ["a header that is a list", container([])],
    ["a header that is null", container("null")],
    ["no sections", container({ kind: "k" })],
    ["sections as a list", container({ kind: "k", sections: [] })],
    ["another kind", container({ ...good, kind: "other" })],
    ["no kind", container({ sections: {} })],
    ["an unknown dtype", withSection({ dtype: "i64" })],
    ["a dtype that objects inherit", withSection({ dtype: "constructor" })],
    ["an offset that is not a multiple of 16", withSection({ offset: 8 })],
    ["a negative offset", withSection({ offset: -16 })],
    ["an offset that is no number", withSection({ offset: "0" })],
    ["a fractional length", withSection({ length: 1.5 })],
    ["a negative length", withSection({ length: -1 })],
    ["a section outside the file", withSection({ length: 65 })],
    ["a section far outside the file", withSection({ offset: 2 ** 40 })],
    ["a length beyond all numbers", withSection({ length: 1e300 })],
    ["overlapping sections", container({ ...good, sections: { a: good.sections.a, b: { ...good.sections.b, offset: 0 } } })],
    ["an overlap that one section hides", container({ kind: "k", sections: { a: { dtype: "u8", offset: 0, length: 48 }, b: { dtype: "u8", offset: 16, length: 1 }, c: { dtype: "u8", offset: 32, length: 1 } } })],
  ])("refuses %s", (_, bytes) => {
    expect(() => readContainer(bytes, "k")).toThrow(FormatError);
  });

  it("refuses a payload that does not start on a multiple of 16", () => {
    const bytes = container(good);
    new DataView(bytes.buffer).setUint32(4, new DataView(bytes.buffer).getUint32(4, true) - 1, true);
    expect(() => readContainer(bytes, "k")).toThrow(FormatError);
  });

  it("never fails in another way, whatever the bytes are", () => {
    const real = site(manifest.rows.files[0]!.path);
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(real.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }), fc.nat(real.length), (changes, length) => {
      const bytes = real.slice(0, length);
      for (const [at, value] of changes) if (at < length) bytes[at] = value;
      try {
        readRows(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }), { numRuns: 500 });
  });
});

describe("sections", () => {
  const read = readContainer(container(good), "k");
  it("must be there, of the dtype and of the length", () => {
    expect(() => section(read, "c", ["u8"])).toThrow("no section");
    expect(() => section(read, "a", ["i8"])).toThrow("dtype");
    expect(() => section(read, "a", ["u8"], 15)).toThrow("elements");
  });
});

describe("rows and ids", () => {
  it("refuse a file of another kind", () => {
    expect(() => readRows(site(manifest.ids.path))).toThrow("kind");
    expect(() => readIds(site(manifest.rows.files[0]!.path), 24)).toThrow("kind");
    expect(() => readIds(site(manifest.ids.path), 23)).toThrow("count");
  });

  it("find each id at its row and no other", () => {
    fc.assert(fc.property(fc.uniqueArray(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 20 }), (numbers) => {
      const ids = numbers.map((number) => number.toString(16).padStart(16, "0"));
      const table = new Ids(Uint8Array.from(ids.join("").match(/../g) ?? [], (pair) => parseInt(pair, 16)));
      ids.forEach((id, row) => {
        expect(table.at(row)).toBe(id);
        expect(table.rowOf(id)).toBe(row);
      });
      expect(table.rowOf("zz")).toBeNull();
    }));
  });

  it("never read a placeholder beyond its row", () => {
    const block = readRows(site(manifest.rows.files[0]!.path));
    const placeholder = block.placeholder.slice();
    placeholder[32] = 255;
    expect(placeholderAt({ ...block, placeholder }, 1)).toHaveLength(31);
  });
});

describe("columns", () => {
  const expected = json<{ columns: Record<string, unknown[]> }>(golden, "site-tiny.json").columns;
  it.each(manifest.fields.filter(({ column }) => column))("$name has the values of the site", (field) => {
    const column = readColumn(site(field.column!.path), field.type, 24);
    const values = Array.from({ length: 24 }, (_, row) => {
      if (column.kind === "number") return Number.isNaN(numberAt(column, row)) ? null : numberAt(column, row);
      if (column.kind === "category") return column.values[column.codes[row]!] ?? null;
      return Array.from(column.codes.subarray(column.offsets[row]!, column.offsets[row + 1]!), (code) => column.values[code]);
    });
    expected[field.name]!.forEach((value, row) => {
      if (typeof value === "number") expect(values[row]).toBeCloseTo(value, 5);
      else expect(values[row]).toEqual(value);
    });
  });

  it("refuse another type, another count and codes without a value", () => {
    const tags = site(manifest.fields.find(({ name }) => name === "tags")!.column!.path);
    expect(() => readColumn(tags, "number", 24)).toThrow(FormatError);
    expect(() => readColumn(tags, "tags", 25)).toThrow("count");
    expect(() => readColumn(tags, "text", 24)).toThrow("no column");
    const codes = container({ kind: "column", count: 2, values: ["a"], sections: { codes: { dtype: "u8", offset: 0, length: 2 } } });
    codes[codes.length - 64] = 7;
    expect(() => readColumn(codes, "category", 2)).toThrow("code 7");
    codes[codes.length - 64] = 255;
    expect(readColumn(codes, "category", 2)).toMatchObject({ missing: 255 });
  });

  it("refuse offsets of tags that fall or do not fit", () => {
    const bytes = (offsets: number[]) => {
      const made = container({ kind: "column", count: 2, values: ["a"], sections: { offsets: { dtype: "u32", offset: 0, length: 3 }, codes: { dtype: "u16", offset: 16, length: 2 } } });
      new Uint32Array(made.buffer, made.length - 64, 3).set(offsets);
      return made;
    };
    expect(readColumn(bytes([0, 1, 2]), "tags", 2).kind).toBe("tags");
    for (const offsets of [[0, 3, 2], [1, 1, 2], [0, 1, 1]]) expect(() => readColumn(bytes(offsets), "tags", 2)).toThrow("offsets");
  });
});

describe("documents", () => {
  const parse = (value: unknown, count: number) => readDocuments(new TextEncoder().encode(JSON.stringify(value)), count);
  it("must be as many as announced, and whole", () => {
    const document = { id: "0".repeat(16), path: "a.jpg", width: 1, height: 1, fields: {} };
    expect(parse([document], 1)).toEqual([document]);
    for (const bad of [[], [document, document], {}, null, [null], [{ ...document, fields: null }], [{ ...document, view: 1 }], [{ ...document, path: 5 }]]) {
      expect(() => parse(bad, 1)).toThrow(FormatError);
    }
    expect(() => readDocuments(Uint8Array.of(0xff), 1)).toThrow(FormatError);
  });
});

describe("vectors", () => {
  const bytes = site(manifest.vectors!.file.path);
  it("are those of the golden file", () => {
    const vectors = readVectors(bytes);
    const { codes } = json<{ vectors: { codes: number[][] } }>(golden, "site-tiny.json").vectors;
    codes.forEach((row, r) => row.forEach((code, d) => {
      expect(vectors.codes[(r >> 2) * 4 * vectors.paddedDim + (d >> 4) * 64 + (r & 3) * 16 + (d & 15)]).toBe(code);
    }));
  });

  it("refuse another codec and another padding", () => {
    const header = { kind: "vectors", codec: "int8", count: 0, dim: 16, padded_dim: 16, sections: { mean: { dtype: "f32", offset: 0, length: 16 }, scale: { dtype: "f32", offset: 64, length: 16 }, codes: { dtype: "i8", offset: 0, length: 0 } } };
    expect(readVectors(container(header, 128)).count).toBe(0);
    expect(() => readVectors(container({ ...header, codec: "pq" }, 128))).toThrow("pq");
    expect(() => readVectors(container({ ...header, padded_dim: 32 }, 128))).toThrow("padded_dim");
    expect(() => readVectors(container({ ...header, count: 1 }, 128))).toThrow("elements");
  });
});

describe("token shards and vocabulary", () => {
  it("give int8 and int4 rows", () => {
    const header = { kind: "tokens", first: 0, count: 2, width: 4, precision: "int4", sections: { scale: { dtype: "f32", offset: 0, length: 2 }, codes: { dtype: "u8", offset: 16, length: 4 } } };
    const bytes = container(header);
    const payload = bytes.length - 64;
    new Float32Array(bytes.buffer, payload, 2).set([1, 0.5]);
    bytes.set([0x80, 0xf1, 0x98, 0x07], payload + 16);
    const shard = readTokenShard(bytes);
    const row = new Float32Array(4);
    tokenRow(shard, 0, row);
    expect([...row]).toEqual([-8, 0, -7, 7]);
    tokenRow(shard, 1, row);
    expect([...row]).toEqual([0, 0.5, -0.5, -4]);
    expect(() => readTokenShard(container({ ...header, width: 3 }))).toThrow(FormatError);
    expect(() => readTokenShard(container({ ...header, precision: "int2" }))).toThrow("int2");
    expect(() => readTokenShard(container({ ...header, precision: "int8" }))).toThrow("dtype");
  });

  it("refuse a vocabulary whose sections do not fit its words", () => {
    expect(() => readVocabulary(container({ kind: "vocabulary", words: ["a"], dim: 4, sections: {} }))).toThrow("no section");
    expect(() => readVocabulary(container({ kind: "vocabulary", words: [1], dim: 4, sections: {} }))).toThrow("words");
  });
});

describe("manifest", () => {
  it("is accepted as it is, unknown keys included", () => {
    expect(readManifest({ ...manifest, future: 1 }).collection.count).toBe(24);
  });

  it("is refused with the name of what is wrong", () => {
    const wrong: [(manifest: Manifest) => void, string][] = [
      [(m) => { m.format = "other" as never; }, "imagedb-site"],
      [(m) => { m.version = 3; }, "version 3"],
      [(m) => { m.collection.count = -1; }, "count"],
      [(m) => { m.rows.files.pop(); }, "rows.files"],
      [(m) => { m.documents.block = 0; }, "block"],
      [(m) => { m.ids = null as never; }, "ids"],
      [(m) => { m.fields[0]!.name = "a b"; }, "fields[0].name"],
      [(m) => { m.fields[0]!.type = "x" as never; }, "fields[0].type"],
      [(m) => { m.thumbnails.extension = "js" as never; }, "thumbnails"],
      [(m) => { m.catalog.columns = ['x"']; }, "catalog.columns"],
      [(m) => { m.vectors!.dim = 0; }, "dim"],
      [(m) => { m.examples = [1] as never; }, "examples"],
      [(m) => { delete (m as Partial<Manifest>).model; }, "model"],
    ];
    for (const [change, reason] of wrong) {
      const copy = structuredClone(manifest);
      change(copy);
      expect(() => readManifest(copy), reason).toThrow(reason);
    }
    for (const value of [null, 1, "x", [], {}]) expect(() => readManifest(value)).toThrow(FormatError);
  });

  it("fails in no other way, whatever is in it", () => {
    const paths = Object.keys(manifest) as (keyof Manifest)[];
    fc.assert(fc.property(fc.constantFrom(...paths), fc.jsonValue(), (key, value) => {
      try {
        readManifest({ ...manifest, [key]: value });
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }), { numRuns: 500 });
  });
});

describe("pack.json", () => {
  const pack = json<PackManifest>(golden, "pack-tiny", "pack.json");
  it("is refused with the name of what is wrong", () => {
    expect(readPack(pack).dim).toBe(16);
    const wrong: [(pack: PackManifest) => void, string][] = [
      [(p) => { p.version = 2; }, "version 2"],
      [(p) => { p.image.file = "other.onnx"; }, "image"],
      [(p) => { p.text.padding = "left" as never; }, "max_tokens"],
      [(p) => { p.tokens.shards.pop(); }, "tokens.shards"],
      [(p) => { p.image.preprocessing.size = [1e9, 1e9]; }, "size"],
      [(p) => { p.tokens.precision = "int2" as never; }, "precision"],
      [(p) => { p.calibration.temperature = 0; }, "calibration"],
    ];
    for (const [change, reason] of wrong) {
      const copy = structuredClone(pack);
      change(copy);
      expect(() => readPack(copy), reason).toThrow(reason);
    }
  });

  it("fails in no other way, whatever is in it", () => {
    fc.assert(fc.property(fc.constantFrom(...(Object.keys(pack) as (keyof PackManifest)[])), fc.jsonValue(), (key, value) => {
      try {
        readPack({ ...pack, [key]: value });
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }), { numRuns: 500 });
  });
});
