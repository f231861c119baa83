/** Additions: pictures that a visitor added to a published collection, kept on the device. */
import type { Pixels } from "../encoder/index";
import type { FieldDefinition, FieldValue } from "../format/index";

/** One added picture as it is stored, without the original file. */
export interface Addition {
  /** The image id it has in any collection: the first 16 digits of `sha256`. */
  id: string;
  /** Of the original file's bytes, 64 hex digits. */
  sha256: string;
  /** The file's own name, and its size and media type. */
  name: string;
  bytes: number;
  type: string;
  /** Pixels as displayed, after orientation. */
  width: number;
  height: number;
  caption: string;
  tags: string[];
  /** Metadata of the file itself (`taken`, `camera`, …), by the names the builder uses. */
  embedded: Record<string, FieldValue>;
  /** float32 [dim], L2-normalised, and the `encoder_hash` that made it; null if there is no model. */
  embedding: Float32Array | null;
  encoder: string | null;
  thumbnail: Uint8Array<ArrayBuffer>;
  thumbnailType: string;
  /** ThumbHash bytes. */
  placeholder: Uint8Array;
  /** Milliseconds since 1970. `edited` and `exported`: the last time, null for never. */
  added: number;
  edited: number | null;
  exported: number | null;
  /** When it was removed; it can be brought back for a while. */
  removed: number | null;
}

/** What a person may change. */
export interface AdditionChange {
  caption: string;
  tags: string[];
}

/** One added picture as the interface shows it. */
export interface AdditionSummary extends AdditionChange {
  id: string;
  name: string;
  bytes: number;
  width: number;
  height: number;
  added: number;
  /** An object URL of its thumbnail. */
  thumbnail: string;
  /** Whether it can be found by meaning (it may still have to be embedded for another model). */
  embedded: boolean;
  /** It has been published, but was changed here after the last export. */
  published: boolean;
}

export interface AdditionsState {
  /** Why nothing can be added; null if they can. */
  unable: string | null;
  /** Newest first. */
  list: AdditionSummary[];
  /** How many of them are searched: those that are not published. */
  count: number;
  /** The bytes they use on the device, originals and thumbnails. */
  bytes: number;
  /** Grows with every change. */
  version: number;
  /** The fields that caption and tags belong to in this collection. */
  captionField: NamedField;
  tagsField: NamedField;
  /** Names of the copies that were just deleted because the collection now has these pictures. */
  retired: string[];
}

export type NamedField = Pick<FieldDefinition, "name" | "label">;

/** The outcome of adding a picture. */
export type AddOutcome =
  | { kind: "added"; id: string }
  /** It is here already: among the additions, or in the published collection. */
  | { kind: "known"; id: string; where: "device" | "collection" };

export interface NewPicture extends Partial<AdditionChange> {
  file: Blob;
  name: string;
  /** Pixels of a file that a worker cannot decode (SVG). */
  raster?: Blob;
}

export interface ImportOutcome {
  added: number;
  known: number;
}

/** A decoded picture file: pixels for the encoder, a thumbnail, its size as displayed. */
export interface DecodedPicture {
  pixels: Pixels;
  width: number;
  height: number;
  thumbnail: Uint8Array<ArrayBuffer>;
  thumbnailType: string;
  placeholder: Uint8Array;
}

/** What additions need from the browser; tests pass a substitute. */
export interface AdditionsHost {
  /** Undefined if the page is not in a secure context. */
  sha256: ((data: ArrayBuffer) => Promise<ArrayBuffer>) | undefined;
  /** @param size of the thumbnail's longer side. Rejects with an error that names what is wrong with the file. */
  decode: (file: Blob, size: number) => Promise<DecodedPicture>;
  /** Metadata of the file, possibly empty. Never rejects. */
  metadata: (file: Blob) => Promise<Record<string, FieldValue>>;
  /** Reports changes to other tabs, and calls `heard` when another tab reports one. */
  channel: (name: string, heard: () => void) => { tell: () => void; close: () => void };
  now: () => number;
  /** The address of a thumbnail for the page; without it, an object URL. */
  address?: (content: Uint8Array, type: string) => string;
}

/** The device refuses, or has no space. The message is for the person. */
export class AdditionsError extends Error {
  override readonly name = "AdditionsError";
}
