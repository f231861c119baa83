/** A small writer of the format in docs/FORMAT.md, for tests: sites with blocks, lists and orders that the golden files do not have. */
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import type { FileEntry, FileListEntry, ImageDocument, Manifest, PackManifest, Section } from "../../../web_assets/src/format";
import { readContainer } from "../../../web_assets/src/format/container";

const DTYPES = new Map<unknown, string>([
  [Int8Array, "i8"], [Uint8Array, "u8"], [Int16Array, "i16"], [Uint16Array, "u16"], [Int32Array, "i32"], [Uint32Array, "u32"],
  [Float32Array, "f32"], [Float64Array, "f64"],
]);
const aligned = (length: number): number => Math.ceil(length / 16) * 16;
const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** A container (1.3). */
export function container(kind: string, header: Record<string, unknown>, sections: Record<string, Section>): Uint8Array<ArrayBuffer> {
  let offset = 0;
  const described: Record<string, unknown> = {};
  for (const [name, data] of Object.entries(sections)) {
    described[name] = { dtype: DTYPES.get(data.constructor), offset, length: data.length };
    offset += aligned(data.byteLength);
  }
  const text = new TextEncoder().encode(JSON.stringify({ ...header, kind, sections: described }));
  const start = aligned(8 + text.length);
  const bytes = new Uint8Array(start + offset);
  bytes.set([0x49, 0x44, 0x42, 0x31]);
  new DataView(bytes.buffer).setUint32(4, start - 8, true);
  bytes.fill(0x20, 8, start);
  bytes.set(text, 8);
  for (const [name, data] of Object.entries(sections)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start + (described[name] as { offset: number }).offset);
  }
  return bytes;
}

/** Files named by the hash of their content. */
export class Files {
  readonly stored = new Map<string, Uint8Array<ArrayBuffer>>();

  put(prefix: string, content: Uint8Array<ArrayBuffer>, { gzip = false, index = false } = {}): FileEntry {
    const bytes = gzip ? new Uint8Array(gzipSync(content)) : content;
    const sha256 = sha256Of(bytes);
    const path = `${prefix}.${sha256.slice(0, 16)}.bin`;
    this.stored.set(path, bytes);
    return { path, bytes: bytes.length, raw_bytes: content.length, sha256, ...(index ? { index: true } : {}) };
  }

  /** A file stored as it is in the golden site, gzip-compressed or not. */
  keep(path: string, bytes: Uint8Array<ArrayBuffer>): FileEntry {
    const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
    this.stored.set(path, bytes);
    return { path, bytes: bytes.length, raw_bytes: packed ? gunzipSync(bytes).length : bytes.length, sha256: sha256Of(bytes) };
  }

  json(prefix: string, value: unknown, index = false): FileEntry {
    return this.put(prefix, new TextEncoder().encode(JSON.stringify(value)), { gzip: true, index });
  }

  /** A list (1.4) of files whose paths begin with `prefix`. */
  list(prefix: string, entries: FileEntry[], fanout = 256): FileListEntry {
    let [nodes, level, path] = [entries, 0, prefix];
    for (;;) {
      const span = fanout ** (level + 1);
      const next: FileEntry[] = [];
      for (let from = 0; from < nodes.length; from += fanout) {
        const part = nodes.slice(from, from + fanout);
        const header = { first: (from / fanout) * span, count: part.length, level, fanout, prefix: `${path}.`, suffix: ".bin" };
        next.push(this.put(`${prefix}-index`, container("index", header, {
          sha256: Uint8Array.from(part.flatMap(({ sha256 }) => [...Buffer.from(sha256, "hex")])),
          bytes: Uint32Array.from(part, ({ bytes }) => bytes),
          raw_bytes: Uint32Array.from(part, ({ raw_bytes: raw }) => raw),
        }), { index: true }));
      }
      if (next.length === 1) return { count: entries.length, index: next[0]! };
      [nodes, level, path] = [next, level + 1, `${prefix}-index`];
    }
  }
}

/** The content of a site, independent of how it is divided into files. */
export interface Content {
  base: Omit<Manifest, "columns" | "rows" | "ids" | "order" | "documents" | "catalog" | "vectors" | "model" | "suggestions" | "program">;
  ids: string[];
  rows: { width: Uint32Array; height: Uint32Array; pack: Uint8Array; offset: Uint32Array; length: Uint32Array; placeholder: Uint8Array };
  documents: ImageDocument[];
  /** By field name: the parts of the index that are not entries, and the stored file of the only block. */
  columns: Map<string, { index: object; file: Uint8Array<ArrayBuffer> }>;
  /** The manifest's entry, and the stored files by path. */
  catalog: { entry: Manifest["catalog"]; files: Map<string, Uint8Array<ArrayBuffer>> };
  vectors: { dim: number; mean: Float32Array; scale: Float32Array; codes: Int8Array } | null;
  model: { pack: PackManifest; files: Map<string, Uint8Array<ArrayBuffer>> } | null;
  words: { count: number; file: Uint8Array<ArrayBuffer> } | null;
}

export interface Layout {
  rows?: number;
  documents?: number;
  digits?: number;
  vectors?: number;
  fanout?: number;
  /** The rows in default order. */
  order?: number[] | null;
  orderBlock?: number;
}

/** A whole site without pictures. */
export function writeSite(content: Content, layout: Layout = {}): { manifest: Manifest; files: Map<string, Uint8Array<ArrayBuffer>> } {
  const { rows = 256, documents = 128, digits = 0, vectors = 4096, fanout = 256, order = null, orderBlock = 16_384 } = layout;
  const files = new Files();
  const count = content.ids.length;
  const blocks = (size: number, total = count) =>
    Array.from({ length: Math.max(1, Math.ceil(total / size)) }, (_, b) => ({ first: b * size, end: Math.min(total, (b + 1) * size) }));
  const list = (name: string, entries: FileEntry[]) => files.list(`data/${name}`, entries, fanout);
  const { width, height, pack, offset, length, placeholder } = content.rows;
  const manifest: Manifest = {
    ...content.base,
    version: 2,
    columns: content.columns.size
      ? files.json("data/columns", Object.fromEntries([...content.columns].map(([name, { index, file }]) => [name, { ...index, files: [files.keep(`data/${name}.column`, file)] }])), true)
      : null,
    rows: { block: rows, files: list("rows", blocks(rows).map(({ first, end }) => files.put("data/rows", container("rows", { first, count: end - first }, {
      id: bytesOf(content.ids.slice(first, end)), width: width.slice(first, end), height: height.slice(first, end),
      pack: pack.slice(8 * first, 8 * end), offset: offset.slice(first, end), length: length.slice(first, end),
      placeholder: placeholder.slice(32 * first, 32 * end),
    }), { gzip: true }))) },
    ids: idFiles(files, content.ids, digits, fanout),
    order: order && { block: orderBlock, files: list("order", blocks(orderBlock).map(({ first, end }) => files.put("data/order", container(
      "order", { first, count: end - first }, { step: Int32Array.from(order.slice(first, end), (row, i) => row - 1 - (i ? order[first + i - 1]! : -1)) },
    ), { gzip: true }))) },
    documents: { block: documents, files: list("documents", blocks(documents).map(({ first, end }) =>
      files.json("data/documents", content.documents.slice(first, end)))) },
    catalog: content.catalog.entry,
    vectors: content.vectors && vectorsOf(content.vectors),
    model: null,
    suggestions: content.words && { count: content.words.count, file: files.keep("data/words.bin", content.words.file) },
    program: files.json("data/program", { files: [] }, true),
  };
  for (const [path, bytes] of content.catalog.files) files.stored.set(path, bytes);
  if (content.model) manifest.model = modelEntry(files, content.model.pack, content.model.files);
  return { manifest, files: files.stored };

  function vectorsOf({ dim, mean, scale, codes }: NonNullable<Content["vectors"]>): Manifest["vectors"] {
    const padded = aligned(dim);
    const header = { codec: "int8", dim, padded_dim: padded };
    const entries = blocks(vectors).map(({ first, end }) => files.put("data/vectors", container(
      "vectors", { ...header, first, count: end - first }, { codes: codes.slice(first * padded, first * padded + 4 * padded * Math.ceil((end - first) / 4)) },
    )));
    return {
      tier: "flat", codec: "int8", source: "pictures", missing: null, count, dim, block: vectors, files: list("vectors", entries),
      quantizer: files.put("data/quantizer", container("quantizer", { dim }, { mean, scale })),
    };
  }
}

const bytesOf = (ids: string[]): Uint8Array => Uint8Array.from(Buffer.from(ids.join(""), "hex"));

/** The `ids` of a manifest. @param ids in row order */
export function idFiles(files: Files, ids: string[], digits = 0, fanout = 256): Manifest["ids"] {
  const shards = Array.from({ length: 16 ** digits }, (_, number) => {
    const prefix = digits ? number.toString(16).padStart(digits, "0") : "";
    const found = ids.map((id, row) => ({ id, row })).filter(({ id }) => id.startsWith(prefix)).sort((a, b) => (a.id < b.id ? -1 : 1));
    return files.put("data/ids", container("ids", { prefix, count: found.length }, {
      id: bytesOf(found.map(({ id }) => id)), row: Uint32Array.from(found, ({ row }) => row),
    }));
  });
  return { digits, files: files.list("data/ids", shards, fanout) };
}

/** The `model` of a manifest, for a pack with the contents of all its files. */
export function modelEntry(files: Files, pack: PackManifest, contents: Map<string, Uint8Array<ArrayBuffer>>): NonNullable<Manifest["model"]> {
  const entries = Object.fromEntries([...contents].map(([name, bytes]) => [name, files.keep(`model/${name}`, bytes)]));
  const { id, name, dim, encoder_hash, licence, calibration } = pack;
  const rows = pack.static && contents.get(pack.static.file);
  const vocabulary = pack.vocabulary && contents.get(pack.vocabulary.file);
  // One file has all static rows.
  const shards = rows ? [files.put("data/static", rows)] : [];
  const { words } = vocabulary ? readContainer(vocabulary, "vocabulary").header : {};
  return {
    id, name, dim, encoder_hash, licence, temperature: calibration.temperature,
    static: rows ? { rows: pack.tokens.rows, rows_per_shard: pack.tokens.rows, files: files.list("data/static", shards, 64) } : null,
    words: words ? files.put("data/model-words", container("model-words", { words }, {})) : null,
    file: files.json("model/index", { pack, files: entries }, true),
  };
}
