/** Bundles (docs/FORMAT.md, section 4): additions as one ZIP file, for `imagedb-site add` and for other devices. */
import { own } from "../base/own";
import { unzipSync, Zip, ZipDeflate, ZipPassThrough, type UnzipFileInfo } from "fflate";
import { FormatError } from "../format/errors";
import type { NamedField } from "./types";

export const BUNDLE_FORMAT = "imagedb-bundle";
const BUNDLE_VERSION = 1;
const INDEX = "bundle.json";
/** The limit of ZIP without its 64-bit extension, less some room for the directory. */
const MAX_BUNDLE_BYTES = 0xf000_0000;
const MAX_BUNDLE_PICTURES = 50_000;
const MAX_INDEX_BYTES = 256 << 20;
const PICTURE_PATH = /^pictures\/([0-9a-f]{64})\.[a-z0-9]{1,5}$/;

export interface BundleField extends NamedField {
  type: "text" | "tags";
}

export interface BundlePicture {
  /** Its path in the ZIP: `pictures/<sha256>.<suffix>`. */
  file: string;
  name: string;
  sha256: string;
  bytes: number;
  type: string;
  width: number;
  height: number;
  /** ISO 8601. */
  added: string;
  fields: Record<string, string | string[]>;
  /** Base64 of little-endian float32; absent if there is none. */
  embedding?: string;
}

export interface BundleIndex {
  format: typeof BUNDLE_FORMAT;
  version: number;
  generator: string;
  created: string;
  collection: { title: string; hash: string };
  model: { pack: string; encoder_hash: string; dim: number } | null;
  fields: BundleField[];
  pictures: BundlePicture[];
}

/** The ZIP of a bundle. Pictures are stored without further compression: picture formats are compressed already. */
export async function writeBundle(index: BundleIndex, file: (picture: BundlePicture) => Promise<Blob>): Promise<Blob> {
  if (index.pictures.reduce((sum, { bytes }) => sum + bytes, 0) > MAX_BUNDLE_BYTES) {
    throw new FormatError("These pictures do not fit into one bundle (4 GB). Remove some, then export again.");
  }
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let failure: Error | null = null;
  const zip = new Zip((error, chunk) => {
    if (error) failure = error;
    else parts.push(chunk as Uint8Array<ArrayBuffer>);
  });
  let sealed = new Blob([]);
  const seal = () => {
    // A blob may be kept on disk; an array is always in memory.
    sealed = new Blob([sealed, ...parts.splice(0)]);
  };
  const mtime = new Date(1980, 0, 1);
  const head = new ZipDeflate(INDEX, { level: 6 });
  head.mtime = mtime;
  zip.add(head);
  head.push(new TextEncoder().encode(JSON.stringify(index)), true);
  for (const picture of index.pictures) {
    const entry = new ZipPassThrough(picture.file);
    entry.mtime = mtime;
    zip.add(entry);
    entry.push(new Uint8Array(await (await file(picture)).arrayBuffer()), true);
    seal();
  }
  zip.end();
  if (failure) throw failure;
  seal();
  return new Blob([sealed], { type: "application/zip" });
}

export interface ReadBundle {
  index: BundleIndex;
  /** The bytes of a picture, checked against its hash. */
  picture: (picture: BundlePicture) => Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Read a bundle and check all of its index.
 * @throws FormatError naming what is wrong
 */
export async function readBundle(file: Blob, sha256: (data: ArrayBuffer) => Promise<ArrayBuffer>): Promise<ReadBundle> {
  const data = new Uint8Array(await file.arrayBuffer());
  const names = new Set<string>();
  const [indexBytes] = Object.values(extract(data, (info) => {
    const fits = info.name === INDEX ? info.originalSize <= MAX_INDEX_BYTES : PICTURE_PATH.test(info.name) && info.originalSize === info.size;
    if (!fits || names.has(info.name)) throw new FormatError(`The bundle contains a file that does not belong there: “${info.name.slice(0, 80)}”.`);
    names.add(info.name);
    return info.name === INDEX;
  }));
  if (!indexBytes) throw new FormatError("The file is not a bundle of pictures: it has no bundle.json.");
  const index = checkIndex(parse(indexBytes), names);
  return {
    index,
    picture: async (picture) => {
      const content = own(extract(data, ({ name }) => name === picture.file), picture.file)!;
      const hash = new Uint8Array(await sha256(content.buffer));
      const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
      if (hex !== picture.sha256 || content.length !== picture.bytes) throw new FormatError(`The picture “${picture.name.slice(0, 80)}” of the bundle is damaged.`);
      return content;
    },
  };
}

function extract(data: Uint8Array, filter: (info: UnzipFileInfo) => boolean): Record<string, Uint8Array<ArrayBuffer>> {
  try {
    return unzipSync(data, { filter }) as Record<string, Uint8Array<ArrayBuffer>>;
  } catch (error) {
    throw error instanceof FormatError ? error : new FormatError("The file is not a bundle, or it is damaged.", { cause: error });
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new FormatError("The bundle's index is not JSON.", { cause });
  }
}

function checkIndex(value: unknown, names: ReadonlySet<string>): BundleIndex {
  const index = value as BundleIndex;
  if (!isObject(value) || index.format !== BUNDLE_FORMAT) throw new FormatError("The file is not a bundle of pictures.");
  if (index.version !== BUNDLE_VERSION) throw new FormatError(`The bundle has version ${String(index.version)}, but this program reads version ${String(BUNDLE_VERSION)}.`);
  check(index.model === null || (isObject(index.model) && typeof index.model.encoder_hash === "string" && whole(index.model.dim, 1)), "model");
  check(Array.isArray(index.fields) && index.fields.every((field) =>
    isObject(field) && /^[a-z][a-z0-9_]{0,62}$/.test(field.name) && typeof field.label === "string" && (field.type === "text" || field.type === "tags")), "fields");
  check(Array.isArray(index.pictures) && index.pictures.length <= MAX_BUNDLE_PICTURES, "pictures");
  const types = new Map(index.fields.map(({ name, type }) => [name, type]));
  const seen = new Set<string>();
  for (const picture of index.pictures) {
    check(isObject(picture) && typeof picture.file === "string" && names.has(picture.file) && !seen.has(picture.file), "pictures.file");
    seen.add(picture.file);
    check(PICTURE_PATH.exec(picture.file)?.[1] === picture.sha256, "pictures.sha256");
    check(typeof picture.name === "string" && typeof picture.type === "string" && typeof picture.added === "string", "pictures.name");
    check(whole(picture.bytes, 1) && whole(picture.width, 1) && whole(picture.height, 1), "pictures.width");
    check(isObject(picture.fields) && Object.entries(picture.fields).every(([name, content]) =>
      types.get(name) === "tags" ? Array.isArray(content) && content.every((tag) => typeof tag === "string") : types.get(name) === "text" && typeof content === "string"), "pictures.fields");
    check(picture.embedding === undefined || (index.model !== null && decodeEmbedding(picture.embedding)?.length === index.model.dim), "pictures.embedding");
  }
  check(names.size === index.pictures.length + 1, "pictures");
  return index;
}

export function encodeEmbedding(embedding: Float32Array): string {
  const bytes = new Uint8Array(embedding.length * 4);
  const view = new DataView(bytes.buffer);
  embedding.forEach((value, i) => { view.setFloat32(4 * i, value, true); });
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** Null if the text is not base64 of finite numbers. */
export function decodeEmbedding(text: string): Float32Array | null {
  let raw: string;
  try {
    raw = atob(text);
  } catch {
    return null;
  }
  const bytes = Uint8Array.from(raw, (character) => character.charCodeAt(0));
  if (bytes.length % 4) return null;
  const view = new DataView(bytes.buffer);
  const result = Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  return result.every((value) => Number.isFinite(value)) ? result : null;
}

function check(valid: boolean, path: string): asserts valid {
  if (!valid) throw new FormatError(`The bundle's index has no valid “${path}”.`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function whole(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least;
}
