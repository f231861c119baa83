/** Decoders: they read the golden site, and throw FormatError for damaged or invalid files. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  FileList, FormatError, headerCount, idAt, lengthAt, numberAt, placeholderAt, readColumn, readColumnsIndex, readContainer, readDocuments, readIds,
  readModelIndex, readOrder, readQuantizer, readRows, readTokenShard, readVectors, readModelWords, rowIn, section, tokenRow, wholeOrder,
  type FileListEntry, type FlatEntry, type Manifest, type PackManifest,
} from "../../web_assets/src/format";
import { decoded, golden, json } from "./support/files";
import { container as made } from "./support/writer";

const folder = `${golden}/site-tiny`;
const manifest = json<Manifest>(folder, "manifest.json");
const site = (path: string) => decoded(folder, path);
/** The first file of a list. */
const firstOf = async (list: FileListEntry) => site((await new FileList(list, (entry) => Promise.resolve(site(entry.path))).entry(0)).path);
const [rowsFile, vectorsFile] = await Promise.all([firstOf(manifest.rows.files), firstOf(manifest.vectors!.files)]);
const rowsCount = Math.min(manifest.rows.block, 24);
const vectorsCount = Math.min((manifest.vectors as FlatEntry).block, 24);
const columns = readColumnsIndex(site(manifest.columns!.path), manifest.fields, 24);
const columnFile = (name: string) => columns.get(name)!.files[0]!;
const ids = json<{ ids: string[] }>(golden, "site-tiny.json").ids;

type Entry = { dtype: string; offset: number; length: number };

/** A container with any header, so that single parts can be made invalid. */
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
    ["a header that is not JSON", container("{")],
    ["a header that is not UTF-8", container(good).map((byte, i) => (i === 9 ? 0xff : byte))],
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
    ["an offset that is not a number", withSection({ offset: "0" })],
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

  it("throws FormatError and nothing else, whatever the bytes are", () => {
    const real = rowsFile;
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(real.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }), fc.nat(real.length), (changes, length) => {
      const bytes = real.slice(0, length);
      for (const [at, value] of changes) if (at < length) bytes[at] = value;
      try {
        readRows(bytes, 0, rowsCount);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }), { numRuns: 500 });
  });
});

describe("every decoder", () => {
  const { dim } = manifest.vectors!;
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const pack = json<PackManifest>(golden, "pack-tiny", "pack.json");
  const entry = { path: "model/a.bin", bytes: 1, raw_bytes: 1, sha256: "0".repeat(64) };
  const decoders: [string, Uint8Array, (bytes: Uint8Array) => unknown][] = [
    ["ids", made("ids", { prefix: "", count: 3 }, { id: Uint8Array.from({ length: 24 }, (_, i) => i), row: Uint32Array.of(2, 0, 1) }), (bytes) => readIds(bytes, 0, 0, 3)],
    ["order", made("order", { first: 0, count: 3 }, { step: Int32Array.of(1, -2, 1) }), (bytes) => readOrder(bytes, 0, 3, 3)],
    ["quantizer", site(manifest.vectors!.quantizer.path), (bytes) => readQuantizer(bytes, dim)],
    ["vectors", vectorsFile, (bytes) => readVectors(bytes, 0, vectorsCount, dim)],
    ["columns index", site(manifest.columns!.path), (bytes) => readColumnsIndex(bytes, manifest.fields, 24)],
    ...manifest.fields.filter(({ column }) => column).map(({ name, type }): [string, Uint8Array, (bytes: Uint8Array) => unknown] => (
      [`column ${name}`, site(columnFile(name).path), (bytes) => readColumn(bytes, type, 24)])),
    ["model index", text({ pack, files: { a: entry } }), (bytes) => readModelIndex(bytes, {
      id: pack.id, name: pack.name, dim: pack.dim, encoder_hash: pack.encoder_hash, licence: pack.licence, temperature: 1, static: null, words: null, file: entry,
    })],
    ["documents", text([{ id: "0".repeat(16), path: "a", width: 1, height: 1, fields: {} }]), (bytes) => readDocuments(bytes, 1)],
  ];
  it.each(decoders)("of %s reads its file, and throws only FormatError for damaged ones", (_, real, decode) => {
    expect(decode(real)).toBeTruthy();
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(real.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 }), fc.nat(real.length), fc.boolean(), (changes, length, cut) => {
      const bytes = cut ? real.slice(0, length) : real.slice();
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      try {
        decode(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }), { numRuns: 200 });
  });
});

describe("sections", () => {
  const read = readContainer(container(good), "k");
  it("must exist and have the right dtype and length", () => {
    expect(() => section(read, "c", ["u8"])).toThrow("no section");
    expect(() => section(read, "a", ["i8"])).toThrow("dtype");
    expect(() => section(read, "a", ["u8"], 15)).toThrow("elements");
  });
});

describe("rows", () => {
  it("are those of the golden site", () => {
    const block = readRows(rowsFile, 0, rowsCount);
    expect(Array.from({ length: rowsCount }, (_, i) => idAt(block, i))).toEqual(ids.slice(0, rowsCount));
  });

  it("refuse a file of another kind or with other rows", () => {
    expect(() => readRows(vectorsFile, 0, rowsCount)).toThrow("kind");
    expect(() => readRows(rowsFile, 1, rowsCount)).toThrow("other rows");
    expect(() => readRows(rowsFile, 0, rowsCount + 1)).toThrow("other rows");
  });

  it("never read a placeholder beyond its row", () => {
    const block = readRows(rowsFile, 0, rowsCount);
    const placeholder = block.placeholder.slice();
    placeholder[32] = 255;
    expect(placeholderAt({ ...block, placeholder }, 1)).toHaveLength(31);
  });
});

describe("ids", () => {
  const file = (prefix: string, list: string[], rows = list.map((_, i) => i)) => made("ids", { prefix, count: list.length }, {
    id: Uint8Array.from(Buffer.from(list.join(""), "hex")), row: Uint32Array.from(rows),
  });

  it("give the row of each id, and null for others", () => {
    fc.assert(fc.property(fc.uniqueArray(fc.bigInt({ min: 0n, max: 2n ** 60n - 1n }), { maxLength: 20 }), fc.integer({ min: 0, max: 15 }), (numbers, digit) => {
      const prefix = digit.toString(16);
      const list = numbers.map((number) => prefix + number.toString(16).padStart(15, "0")).sort();
      const shard = readIds(file(prefix, list), digit, 1, 20);
      list.forEach((id, row) => { expect(rowIn(shard, id)).toBe(row); });
      expect(rowIn(shard, `${((digit + 1) % 16).toString(16)}${"0".repeat(15)}`)).toBeNull();
    }));
  });

  it("refuse another prefix, rows that do not exist, and ids out of order", () => {
    const [a, b] = ["a000000000000001", "a000000000000002"];
    expect(readIds(file("a", [a, b]), 10, 1, 2).count).toBe(2);
    expect(readIds(file("", [a, b]), 0, 0, 2).count).toBe(2);
    expect(() => readIds(file("a", [a, b]), 11, 1, 2)).toThrow("prefix");
    expect(() => readIds(file("b", [a, b]), 11, 1, 2)).toThrow("prefix");
    expect(() => readIds(file("a", [a, b]), 10, 1, 1)).toThrow("does not exist");
    expect(() => readIds(file("a", [b, a]), 10, 1, 2)).toThrow("rising order");
    expect(() => readIds(file("a", [a, a]), 10, 1, 2)).toThrow("rising order");
  });
});

describe("the default order", () => {
  const file = (rows: number[], first = 0) => made("order", { first, count: rows.length }, {
    step: Int32Array.from(rows, (row, i) => row - 1 - (i ? rows[i - 1]! : -1)),
  });

  it("gives the rows that were written", () => {
    fc.assert(fc.property(fc.array(fc.nat(1e6), { maxLength: 50 }), (rows) => {
      expect([...readOrder(file(rows), 0, rows.length, 1e6 + 1)]).toEqual(rows);
    }));
  });

  it("refuses other positions, rows that do not exist, duplicate rows and missing rows", () => {
    expect(() => readOrder(file([1, 0], 2), 0, 2, 2)).toThrow("other positions");
    expect(() => readOrder(file([1, 2]), 0, 2, 2)).toThrow("does not exist");
    expect(() => readOrder(file([-1]), 0, 1, 2)).toThrow("does not exist");
    expect([...wholeOrder([Uint32Array.of(2, 0), Uint32Array.of(1)], 3)]).toEqual([2, 0, 1]);
    expect(() => wholeOrder([Uint32Array.of(1, 0), Uint32Array.of(1)], 3)).toThrow("twice");
    expect(() => wholeOrder([Uint32Array.of(1, 0)], 3)).toThrow("every row");
  });
});

describe("columns", () => {
  const expected = json<{ columns: Record<string, unknown[]> }>(golden, "site-tiny.json").columns;
  it.each(manifest.fields.filter(({ column }) => column))("$name has the values of the site", (field) => {
    const column = readColumn(site(columnFile(field.name).path), field.type, 24);
    const values = Array.from({ length: 24 }, (_, row) => {
      if (column.kind === "number") {
        const value = numberAt(column, row);
        return Number.isNaN(value) ? null : field.type === "date" ? [value, lengthAt(column, row)] : value;
      }
      if (column.kind === "category") return column.values[column.codes[row]!] ?? null;
      return Array.from(column.codes.subarray(column.offsets[row]!, column.offsets[row + 1]!), (code) => column.values[code]);
    });
    expect(expected[field.name]).toHaveLength(24);
    expected[field.name]!.forEach((value, row) => {
      if (typeof value === "number") expect(values[row]).toBeCloseTo(value, 5);
      else expect(values[row]).toEqual(value);
    });
  });

  it("refuse another type, another count and codes that have no value", () => {
    const tags = site(columnFile("tags").path);
    expect(() => readColumn(tags, "number", 24)).toThrow(FormatError);
    expect(() => readColumn(tags, "tags", 25)).toThrow("count");
    expect(() => readColumn(tags, "text", 24)).toThrow("no column");
    const codes = container({ kind: "column", first: 0, count: 2, values: ["a"], sections: { codes: { dtype: "u8", offset: 0, length: 2 } } });
    codes[codes.length - 64] = 7;
    expect(() => readColumn(codes, "category", 2)).toThrow("code 7");
    codes[codes.length - 64] = 255;
    expect(readColumn(codes, "category", 2)).toMatchObject({ missing: 255 });
  });

  it("must all be in their index", () => {
    const index = (value: unknown) => readColumnsIndex(new TextEncoder().encode(JSON.stringify(value)), manifest.fields, 24);
    for (const wrong of [{}, null, [], { tags: 1 }]) expect(() => index(wrong)).toThrow(FormatError);
    expect(columns.size).toBe(manifest.fields.filter(({ column }) => column).length);
  });

  it("refuse offsets of tags that decrease or do not fit", () => {
    const bytes = (offsets: number[]) => {
      const made = container({ kind: "column", first: 0, count: 2, values: ["a"], sections: { offsets: { dtype: "u32", offset: 0, length: 3 }, codes: { dtype: "u16", offset: 16, length: 2 } } });
      new Uint32Array(made.buffer, made.length - 64, 3).set(offsets);
      return made;
    };
    expect(readColumn(bytes([0, 1, 2]), "tags", 2).kind).toBe("tags");
    for (const offsets of [[0, 3, 2], [1, 1, 2], [0, 1, 1]]) expect(() => readColumn(bytes(offsets), "tags", 2)).toThrow("offsets");
  });
});

describe("documents", () => {
  const parse = (value: unknown, count: number) => readDocuments(new TextEncoder().encode(JSON.stringify(value)), count);
  it("must have the expected number and all required parts", () => {
    const document = { id: "0".repeat(16), path: "a.jpg", width: 1, height: 1, fields: {} };
    expect(parse([document], 1)).toEqual([document]);
    for (const bad of [[], [document, document], {}, null, [null], [{ ...document, fields: null }], [{ ...document, view: 1 }], [{ ...document, path: 5 }]]) {
      expect(() => parse(bad, 1)).toThrow(FormatError);
    }
    expect(() => readDocuments(Uint8Array.of(0xff), 1)).toThrow(FormatError);
  });
});

describe("vectors", () => {
  const { dim } = manifest.vectors!;

  it("are those of the golden files", () => {
    const found = readVectors(vectorsFile, 0, vectorsCount, dim);
    const { codes } = json<{ vectors: { codes: number[][] } }>(golden, "site-tiny.json").vectors;
    expect(codes.length).toBeGreaterThanOrEqual(vectorsCount);
    expect(vectorsCount).toBeGreaterThan(3);
    codes.slice(0, vectorsCount).forEach((row, r) => row.forEach((code, d) => {
      expect(found[(r >> 2) * 4 * 16 + (d >> 4) * 64 + (r & 3) * 16 + (d & 15)]).toBe(code);
    }));
  });

  it("refuse another codec, a wrong padding and other rows", () => {
    const file = (change: Record<string, unknown>, codes = 64) =>
      made("vectors", { codec: "int8", first: 4, count: 2, dim: 16, padded_dim: 16, ...change }, { codes: new Int8Array(codes) });
    const read = (bytes: Uint8Array) => readVectors(bytes, 4, 2, 16);
    expect(read(file({}))).toHaveLength(64);
    expect(() => read(file({ codec: "pq" }))).toThrow("pq");
    expect(() => read(file({ padded_dim: 32 }))).toThrow("padded_dim");
    expect(() => read(file({ first: 0 }))).toThrow("other rows");
    expect(() => read(file({ count: 3 }))).toThrow("other rows");
    expect(() => read(file({ dim: 15 }))).toThrow("other rows or dimensions");
    expect(() => read(file({}, 128))).toThrow("elements");
  });

  it("have one quantizer, whose scales are positive", () => {
    const file = (mean: number[], scale: number[], count = 2) =>
      made("quantizer", { dim: count }, { mean: Float32Array.from(mean), scale: Float32Array.from(scale) });
    expect(readQuantizer(site(manifest.vectors!.quantizer.path), dim).scale).toHaveLength(dim);
    expect(readQuantizer(file([0, -1], [1, 2]), 2).mean).toEqual(Float32Array.of(0, -1));
    expect(() => readQuantizer(file([0, 0], [1, 1]), 3)).toThrow("dimension");
    expect(() => readQuantizer(file([0, 0], [1, 0]), 2)).toThrow("positive");
    expect(() => readQuantizer(file([0, NaN], [1, 1]), 2)).toThrow("finite");
    expect(() => readQuantizer(file([0], [1], 2), 2)).toThrow("elements");
  });
});

describe("token shards and words", () => {
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

  it("refuse words that are not strings", () => {
    expect(readModelWords(container({ kind: "model-words", words: ["a"], sections: {} }))).toEqual(["a"]);
    expect(() => readModelWords(container({ kind: "model-words", words: [1], sections: {} }))).toThrow("words");
  });
});
