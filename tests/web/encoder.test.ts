/** The browser's encoder gives the same results as the Python encoder (tests/golden/pack-tiny). */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Encoder, expandTokenizer, fittedSize, PackTokenizer, preprocess, resize, TokenTable } from "../../web_assets/src/encoder";
import type { Preprocessing } from "../../web_assets/src/format";
import { readPack } from "../../web_assets/src/format";
import { decoded, golden, json, ortWasm, readPng } from "./support/files";

interface Golden {
  pictures: { file: string; width: number; height: number; tensor_sha256: string; tensor_corner: number[][]; embedding: number[] }[];
  texts: { text: string; ids: number[]; embedding: number[]; approximate: number[] | null }[];
}

const folder = `${golden}/pack-tiny`;
const expected = json<Golden>(folder, "golden.json");
const pack = readPack(json(folder, "pack.json"));
const published = () => Promise.resolve(pack);
const load = async (file: string) => decoded(folder, file);
const encoder = () => new Encoder({ dim: pack.dim, pack: published, load, runtime: ortWasm });

describe("texts", () => {
  it("and pictures with expected results exist", () => {
    expect(expected.texts.length).toBeGreaterThan(12);
    expect(expected.pictures.length).toBeGreaterThan(2);
  });

  it("give the token ids of the Python tokenizer", async () => {
    const own = encoder();
    for (const { text, ids } of expected.texts) expect([text, await own.tokenIds(text)]).toEqual([text, ids]);
  });

  it("give the embeddings of the Python encoder", async () => {
    const own = encoder();
    for (const { text, embedding } of expected.texts) {
      const found = await own.encodeText(text);
      expect(found).toHaveLength(embedding.length);
      found.forEach((value, d) => expect(Math.abs(value - embedding[d]!), text).toBeLessThan(2e-5));
    }
  });

  it("fetch only the token shards they use", async () => {
    const asked: string[] = [];
    const own = new Encoder({ dim: pack.dim, pack: published, runtime: ortWasm, load: (file) => { asked.push(file); return load(file); } });
    await own.encodeText("red");
    await own.encodeText("red");
    expect(asked.filter((file) => file.startsWith("tokens."))).toEqual(["tokens.0000.bin"]);
    expect(asked.filter((file) => file === pack.text.file)).toHaveLength(1);
  });

  it("can be tried again after a failed load", async () => {
    let broken = true;
    const own = new Encoder({ dim: pack.dim, pack: published, runtime: ortWasm, load: (file) => (broken ? Promise.reject(new Error("offline")) : load(file)) });
    await expect(own.encodeText("red car")).rejects.toThrow("offline");
    expect(own.ready).toBe(false);
    broken = false;
    await expect(own.encodeText("red car")).resolves.toHaveLength(pack.dim);
    expect(own.ready).toBe(true);
  });

  it("keep their order when several are encoded at once", async () => {
    const own = encoder();
    const some = expected.texts.slice(2, 12);
    const found = await Promise.all(some.map(({ text }) => own.encodeText(text)));
    expect(found).toHaveLength(10);
    found.forEach((embedding, i) => expect(embedding[0]).toBeCloseTo(some[i]!.embedding[0]!, 4));
  });
});

describe("pictures", () => {
  it.each(expected.pictures)("$file: the tensor is Pillow's to the bit", ({ file, width, height, tensor_sha256, tensor_corner }) => {
    const pixels = readPng(folder, file);
    expect([pixels.width, pixels.height]).toEqual([width, height]);
    const tensor = preprocess(pixels, pack.image.preprocessing);
    expect(tensor[0]).toBeCloseTo(tensor_corner[0]![0]!, 5);
    expect(createHash("sha256").update(new Uint8Array(tensor.buffer)).digest("hex")).toBe(tensor_sha256);
  });

  it.each(expected.pictures)("$file: the embedding is the Python encoder's", async ({ file, embedding }) => {
    const found = await encoder().encodeImage(readPng(folder, file));
    expect(found).toHaveLength(embedding.length);
    found.forEach((value, d) => expect(Math.abs(value - embedding[d]!)).toBeLessThan(2e-5));
  });

  it("are cropped, padded or squeezed to the size", () => {
    const base: Preprocessing = { ...pack.image.preprocessing, size: [32, 32], mean: [0, 0, 0], std: [1, 1, 1], fill: [255, 0, 0] };
    expect(fittedSize(100, 50, { ...base, resize: "shortest" })).toEqual({ width: 64, height: 32 });
    expect(fittedSize(100, 50, { ...base, resize: "longest" })).toEqual({ width: 32, height: 16 });
    expect(fittedSize(100, 50, { ...base, resize: "squash" })).toEqual({ width: 32, height: 32 });
    const black = { width: 100, height: 50, data: new Uint8Array(100 * 50 * 4).map((_, i) => (i % 4 === 3 ? 255 : 0)) };
    const tensor = preprocess(black, { ...base, resize: "longest" });
    // 8 rows of fill above and below, in the red channel only.
    expect([tensor[0], tensor[7 * 32], tensor[8 * 32], tensor[24 * 32], tensor[32 * 32]]).toEqual([1, 1, 0, 1, 0]);
  });

  it("keep their values if nothing has to be changed", () => {
    const image = { width: 3, height: 2, data: Uint8Array.from({ length: 18 }, (_, i) => i * 14) };
    expect(resize(image, 3, 2, "bicubic")).toBe(image);
    expect(resize({ width: 5, height: 5, data: new Uint8Array(75).fill(200) }, 17, 2, "bicubic").data).toEqual(new Uint8Array(17 * 2 * 3).fill(200));
  });

  it("are refused if the number of bytes does not match the size", () => {
    expect(() => preprocess({ width: 2, height: 2, data: new Uint8Array(15) }, pack.image.preprocessing)).toThrow(RangeError);
  });
});

describe("tokenizer", () => {
  const compact = JSON.parse(new TextDecoder().decode(decoded(folder, pack.tokenizer.file))) as { tokenizer: { model: object }; vocab: string[] };

  it("fills vocabulary and merges in", () => {
    const model = { type: "BPE", merges: [[0, 1], [2, "b"]], vocab: {} };
    const expanded = expandTokenizer({ tokenizer: { model }, vocab: ["a", "b", "ab"] }) as { model: { vocab: object; merges: unknown } };
    expect({ ...expanded.model.vocab }).toEqual({ a: 0, b: 1, ab: 2 });
    expect(expanded.model.merges).toEqual([["a", "b"], ["ab", "b"]]);
  });

  it.each([[null], [{}], [{ tokenizer: {}, vocab: [] }], [{ tokenizer: { model: {} }, vocab: ["a", "a"] }], [{ tokenizer: { model: {} }, vocab: [1] }]])(
    "refuses %j", (value) => { expect(() => expandTokenizer(value)).toThrow("tokenizer"); });

  it("is not confused by a token named like a property of objects", () => {
    expect(() => expandTokenizer({ ...compact, vocab: [...compact.vocab, "__proto__", "constructor"] })).not.toThrow();
  });

  it("keeps the last special token of a text that is too long", async () => {
    const tokenizer = await PackTokenizer.create(compact, 5, 0);
    const ids = tokenizer.encode("the a of and in on with");
    expect(ids).toHaveLength(5);
    expect(ids[4]).toBe(compact.vocab.indexOf("[SEP]"));
  });
});

describe("static rows", () => {
  const rows = new TokenTable({ rows: pack.tokens.rows, rows_per_shard: pack.tokens.rows, width: pack.dim }, () => load(pack.static!.file));
  const own = (table: TokenTable | null) => new Encoder({ dim: pack.dim, pack: published, load, runtime: () => Promise.reject(new Error("no runtime")), staticTable: table });

  it("give the approximate embeddings of the Python encoder, without the tower", async () => {
    expect(expected.texts.some(({ approximate }) => approximate === null)).toBe(true);
    for (const { text, approximate } of expected.texts) {
      const found = await own(rows).approximate(text);
      expect(found === null, text).toBe(approximate === null);
      found?.forEach((value, d) => expect(Math.abs(value - approximate![d]!), text).toBeLessThan(2e-5));
    }
  });

  it("are not needed", async () => {
    expect(await own(null).approximate("red car")).toBeNull();
  });
});
