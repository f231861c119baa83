/** manifest.json, the index of the model and pack.json: valid ones are read, invalid ones throw FormatError. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FormatError, readManifest, readModelIndex, readPack, type FlatEntry, type Manifest, type PackManifest } from "../../web_assets/src/format";
import { golden, json } from "./support/files";

const manifest = json<Manifest>(golden, "site-tiny", "manifest.json");

describe("manifest", () => {
  it("is refused by name if it has another version, whatever that is", () => {
    for (const version of [3, "2", null, { toString: false }]) expect(() => readManifest({ ...manifest, version })).toThrow(FormatError);
  });

  it("is accepted, also with unknown keys", () => {
    expect(readManifest({ ...manifest, future: 1 }).collection.count).toBe(24);
  });

  it("is refused with an error that names the invalid part", () => {
    const wrong: [(manifest: Manifest) => void, string][] = [
      [(m) => { m.list.title = "nothing"; }, "list.title"],
      [(m) => { m.list.text = 3 as never; }, "list.text"],
      [(m) => { m.list.columns = ["title", "nothing"]; }, "list.columns"],
      [(m) => { m.list.columns = ["title", "title"]; }, "list.columns"],
      [(m) => { delete (m as Partial<Manifest>).list; }, "list"],
      [(m) => { m.format = "other" as never; }, "imagedb-site"],
      [(m) => { m.version = 3; }, "version 3"],
      [(m) => { m.version = 1; }, "draft format 1. Build it again"],
      [(m) => { m.collection.count = -1; }, "count"],
      [(m) => { m.rows.files.count++; }, "rows.files"],
      [(m) => { delete m.rows.files.index.index; }, "rows.files"],
      [(m) => { m.rows.block = 65_537; }, "block"],
      [(m) => { m.documents.block = 0; }, "block"],
      [(m) => { m.documents.files.index.path = "../x.bin"; }, "not a path inside the site"],
      [(m) => { m.ids = null as never; }, "ids"],
      [(m) => { m.ids.digits = 5; }, "digits"],
      [(m) => { m.ids.digits = m.ids.digits ? 0 : 1; }, "ids.files"],
      [(m) => { m.order = {} as never; }, "block"],
      [(m) => { m.columns = null; }, "columns"],
      [(m) => { m.fields[0]!.column = {} as never; }, "fields[0].column"],
      [(m) => { m.program = undefined as never; }, "program"],
      [(m) => { m.catalog.terms.first.sha256 = "0"; }, "catalog.terms.first"],
      [(m) => { m.catalog.places.files.count++; }, "catalog.places.files"],
      [(m) => { m.catalog.lengths.block = 1; }, "catalog.lengths"],
      [(m) => { m.catalog.ranked = 1 as never; }, "catalog.ranked"],
      [(m) => { (m.vectors as FlatEntry).block = 6; }, "vectors.block"],
      [(m) => { m.vectors!.count = 23; }, "vectors.count"],
      [(m) => { m.model = { temperature: 0 } as never; }, "id"],
      [(m) => { m.model = { id: "a", name: "a", encoder_hash: "a", dim: 4, temperature: 1, level: 2 } as never; }, "model.level"],
      [(m) => { m.fields[0]!.name = "a b"; }, "fields[0].name"],
      [(m) => { m.fields[0]!.type = "x" as never; }, "fields[0].type"],
      [(m) => { m.fields[0]!.separator = "/"; }, "fields[0].separator"],
      [(m) => { m.fields.find(({ type }) => type === "tags")!.separator = "::"; }, "separator"],
      [(m) => { m.fields.find(({ type }) => type === "tags")!.separator = ""; }, "separator"],
      [(m) => { m.fields.find(({ type }) => type === "category")!.separator = 7 as never; }, "separator"],
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

  it("throws FormatError and nothing else, whatever it contains", () => {
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

describe("the index of a model", () => {
  const pack = json<PackManifest>(golden, "pack-tiny", "pack.json");
  const entry = { path: "model/text.0123456789abcdef.onnx", bytes: 1, raw_bytes: 1, sha256: "0".repeat(64) };
  const summary = {
    id: pack.id, name: pack.name, dim: pack.dim, encoder_hash: pack.encoder_hash, licence: pack.licence, temperature: 1, static: null, words: null, file: { ...entry, index: true },
  };
  const read = (value: unknown) => readModelIndex(new TextEncoder().encode(JSON.stringify(value)), summary);

  it("gives the pack and the paths of its files", () => {
    expect(read({ pack, files: { "text.onnx": entry } }).files.get("text.onnx")).toEqual(entry);
  });

  it("is refused for another model or invalid entries", () => {
    expect(() => read({ pack: { ...pack, encoder_hash: "f".repeat(16) }, files: {} })).toThrow("another model");
    expect(() => read({ pack: { ...pack, id: "other" }, files: {} })).toThrow("another model");
    expect(() => read({ pack, files: { "text.onnx": { ...entry, path: "/etc/passwd" } } })).toThrow("not a path");
    for (const wrong of [null, [], {}, { pack }, { pack, files: [] }, { pack, files: { a: 1 } }, { files: {} }]) expect(() => read(wrong)).toThrow(FormatError);
  });
});

describe("pack.json", () => {
  const pack = json<PackManifest>(golden, "pack-tiny", "pack.json");
  it("is refused with an error that names the invalid part", () => {
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

  it("throws FormatError and nothing else, whatever it contains", () => {
    fc.assert(fc.property(fc.constantFrom(...(Object.keys(pack) as (keyof PackManifest)[])), fc.jsonValue(), (key, value) => {
      try {
        readPack({ ...pack, [key]: value });
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }), { numRuns: 500 });
  });
});
