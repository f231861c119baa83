/** The content of the golden site, for writing it again in another layout. */
import { join } from "node:path";
import {
  entriesOf, FileList, idAt, paddedDim, readDocuments, readQuantizer, readRows, readVectors, type FileEntry, type FileListEntry, type Manifest, type RowsBlock,
} from "../../../web_assets/src/format";
import { bytes, decoded, golden, json } from "./files";
import type { Content } from "./writer";

const folder = join(golden, "site-tiny");
const load = (entry: FileEntry) => Promise.resolve(decoded(folder, entry.path));

/** The decoded files of a list, each with its first row and number of rows. */
async function filesOf({ block, files }: { block: number; files: FileListEntry }, count: number) {
  const entries = await new FileList(files, load).entries();
  return entries.map((entry, i) => ({ content: decoded(folder, entry.path), first: i * block, count: Math.min(block, count - i * block) }));
}

export async function tinyContent(): Promise<Content> {
  const manifest = json<Manifest>(folder, "manifest.json");
  const { format, version, generator, collection, fields, list, thumbnails, views, originals, remote, downloads, tags, examples, bytes: size } = manifest;
  const { columns, documents, catalog, vectors, suggestions } = manifest;
  const { count } = collection;
  const blocks = (await filesOf(manifest.rows, count)).map(({ content, first, count }) => readRows(content, first, count));
  const wide = (key: "width" | "height" | "offset" | "length") => Uint32Array.from(blocks.flatMap((block) => [...block[key]]));
  const narrow = (key: "pack" | "placeholder") => Uint8Array.from(blocks.flatMap((block: RowsBlock) => [...block[key]]));
  if (vectors?.tier !== "flat") throw new Error("The golden site has vectors of the tier flat.");
  const { dim } = vectors;
  const codes = new Int8Array(4 * paddedDim(dim) * Math.ceil(count / 4));
  for (const { content, first, count: size } of await filesOf(vectors, count)) codes.set(readVectors(content, first, size, dim), first * paddedDim(dim));
  return {
    base: { format, version, generator, collection, fields, list, thumbnails, views, originals, remote, downloads, tags, examples, bytes: size, checksum: "0".repeat(64) },
    ids: blocks.flatMap((block) => Array.from({ length: block.count }, (_, i) => idAt(block, i))),
    rows: {
      width: wide("width"), height: wide("height"), pack: narrow("pack"), offset: wide("offset"), length: wide("length"), placeholder: narrow("placeholder"),
    },
    documents: (await filesOf(documents, count)).flatMap(({ content, count }) => readDocuments(content, count, remote?.origins)),
    columns: new Map(Object.entries(JSON.parse(new TextDecoder().decode(decoded(folder, columns!.path))) as Record<string, { files: FileEntry[] }>)
      .map(([name, { files, ...index }]) => [name, { index, file: bytes(folder, files[0]!.path) }])),
    catalog: { entry: catalog, files: await filesBelow(folder, catalog) },
    vectors: { ...readQuantizer(decoded(folder, vectors!.quantizer.path), dim), codes },
    model: null,
    words: suggestions && { count: suggestions.count, file: bytes(folder, suggestions.file.path) },
  };
}

/** The stored files that an entry of the manifest names, by path. */
async function filesBelow(folder: string, entry: unknown): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const found = new Map<string, Uint8Array<ArrayBuffer>>();
  for await (const { path } of entriesOf(entry, ({ path }) => Promise.resolve(decoded(folder, path)))) found.set(path, bytes(folder, path));
  return found;
}
