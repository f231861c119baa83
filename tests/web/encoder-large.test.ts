/** Large text towers, whose weights lie in files (tests/golden/pack-large), and devices that cannot take them. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { DeviceError, Encoder } from "../../web_assets/src/encoder";
import { explain, readWeights, takesLarge } from "../../web_assets/src/encoder/weights";
import { FormatError, readPack, type PackManifest } from "../../web_assets/src/format";
import { open } from "./support/engine";
import { bytes, decoded, golden, json, ortWasm } from "./support/files";
import { serveTiny, type Server } from "./support/site";
import { container } from "./support/writer";

const folder = `${golden}/pack-large`;
const expected = json<{ text: string; embedding: number[] }[]>(folder, "golden.json");
const pack = readPack(json(folder, "pack.json"));
const published = () => Promise.resolve(pack);
/** The same pack, said to have far more bytes. */
const heavy: PackManifest = { ...pack, files: { ...pack.files, "text.0001.bin": { ...pack.files["text.0001.bin"]!, bytes: 400e6 } } };
const load = async (file: string) => decoded(folder, file);

/** The golden site with this pack. */
function serveLarge(published = json<PackManifest>(folder, "pack.json")): Server {
  return serveTiny({
    model: (manifest, files) => {
      files.clear();
      Object.keys(pack.files).forEach((name) => { files.set(name, bytes(folder, name)); });
      Object.keys(manifest).forEach((key) => { Reflect.deleteProperty(manifest, key); });
      Object.assign(manifest, published);
    },
  });
}

afterEach(() => { vi.unstubAllGlobals(); });

describe("a large tower", () => {
  it("gives the embeddings of the Python encoder", async () => {
    const own = new Encoder({ dim: pack.dim, pack: published, load, runtime: ortWasm });
    expect(expected.length).toBeGreaterThan(30);
    for (const { text, embedding } of expected) {
      const found = await own.encodeText(text);
      found.forEach((value, d) => expect(Math.abs(value - embedding[d]!), text).toBeLessThan(2e-5));
    }
  });

  it("is loaded in advance unless it is heavy, but its tokenizer always is", async () => {
    const asked: string[] = [];
    const options = { dim: pack.dim, runtime: ortWasm, load: (file: string) => { asked.push(file); return load(file); } };
    await new Encoder({ ...options, pack: () => Promise.resolve(heavy) }).fetch();
    expect(asked.splice(0)).toEqual([pack.tokenizer.file]);
    await new Encoder({ ...options, pack: published }).fetch();
    expect(asked.sort()).toEqual([pack.tokenizer.file, pack.text.file, ...pack.text.weights!].sort());
  });

  it("with a damaged file of weights is an error, and is tried again", async () => {
    let broken = true;
    const own = new Encoder({
      dim: pack.dim, pack: published, runtime: ortWasm, load: async (file) => (broken && file === "text.0001.bin" ? (await load(file)).subarray(0, 2000) : load(file)),
    });
    await expect(own.encodeText("red")).rejects.toBeInstanceOf(FormatError);
    broken = false;
    await expect(own.encodeText("red")).resolves.toHaveLength(pack.dim);
  });

  it("with too few weights is refused by the runtime, not read past the end", async () => {
    const short = container("weights", { precision: "int8", shapes: [[4, 4]] }, { codes: new Uint8Array(16) });
    const own = new Encoder({ dim: pack.dim, pack: published, runtime: ortWasm, load: async (file) => (file === "text.0001.bin" ? short : load(file)) });
    await expect(own.encodeText("red")).rejects.toThrow("text tower cannot be used");
  });
});

describe("weights", () => {
  it.each([
    ["codes that are missing", { precision: "int8", shapes: [[16, 2]] }, { codes: 31 }],
    ["inputs that make no groups", { precision: "int4", shapes: [[8, 4]] }, { codes: 16, factors: 2 }],
    ["an odd number of outputs", { precision: "int4", shapes: [[16, 3]] }, { codes: 24, factors: 3 }],
    ["factors that are missing", { precision: "int4", shapes: [[16, 2]] }, { codes: 16 }],
    ["an unknown precision", { precision: "int2", shapes: [[16, 2]] }, { codes: 32 }],
    ["negative sides", { precision: "int8", shapes: [[-4, -8]] }, { codes: 32 }],
    ["no shapes", { precision: "int8" }, { codes: 32 }],
  ])("with %s are refused", (_, header, sizes) => {
    const sections = Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, new Uint8Array(size)]));
    expect(() => readWeights(container("weights", header, sections))).toThrow(FormatError);
  });
});

describe("a device", () => {
  it("takes a large tower if it has the memory, or does not tell and is no phone", () => {
    expect(takesLarge({ deviceMemory: 8, userAgent: "Android" })).toBe(true);
    expect(takesLarge({ deviceMemory: 4 })).toBe(true);
    expect(takesLarge({ deviceMemory: 2, userAgent: "X11; Linux" })).toBe(false);
    expect(takesLarge({ userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0" })).toBe(true);
    expect(takesLarge({ userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148" })).toBe(false);
    expect(takesLarge({})).toBe(true);
  });

  it("is told from other errors by what the error says", () => {
    for (const error of [new RangeError("Array buffer allocation failed"), new Error("failed to allocate a buffer of size 9"), new Error("std::bad_alloc"), "Aborted(OOM)"]) {
      expect(() => explain(error)).toThrow(DeviceError);
    }
    expect(() => explain(new FormatError("another"))).toThrow(FormatError);
  });

  it("that has too little memory searches by static rows, says so, and loads nothing of the tower", async () => {
    vi.stubGlobal("navigator", { deviceMemory: 2, userAgent: "" });
    const server = serveLarge(heavy);
    const engine = await open(server);
    for (const mode of ["meaning", "all"] as const) {
      const response = await engine.search({ text: "red car", mode, k: 5 });
      expect(response.stage).toBe("final");
      expect(response.results.length).toBeGreaterThan(0);
      expect(response.notices).toEqual([{ kind: "no-model", message: "This device has too little memory for the model's text part. Results by meaning are approximate." }]);
    }
    expect(server.asked.filter((path) => /model\/text\./.test(path))).toEqual([]);
    const light = await (await open(serveLarge())).search({ text: "red car", mode: "meaning", k: 5 });
    expect(light.notices).toEqual([]);
    // Without texts nothing is approximate.
    expect((await engine.search({ text: "", mode: "all", k: 5 })).notices).toEqual([]);
  });

  it("that runs out of memory while the tower loads is not asked for it again", async () => {
    let tries = 0;
    const own = new Encoder({
      dim: pack.dim, pack: published, runtime: ortWasm, load: (file) => {
        if (file !== "text.0001.bin") return load(file);
        tries++;
        throw new RangeError("Array buffer allocation failed");
      },
    });
    expect(own.ready).toBe(false);
    for (const text of ["red car", "dog"]) await expect(own.encodeQuery(text)).rejects.toBeInstanceOf(DeviceError);
    expect(tries).toBe(1);
    expect(own.ready).toBe(true);
  });

  it("with enough memory searches with the tower", async () => {
    const response = await (await open(serveLarge())).search({ text: "red car", mode: "meaning", k: 5 });
    expect(response.notices).toEqual([]);
  });
});
