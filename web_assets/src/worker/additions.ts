/** What additions need from the browser: its database, decoders and canvas, and a channel to other tabs. */
import { own } from "../base/own";
import { part } from "../base/errors";
import type { AdditionsHost, DecodedPicture } from "../additions/types";
import type { FieldValue } from "../engine/types";
import { drawn, drawnSize, openPicture, PictureError } from "./decode";
import { fittedFor } from "./ground";
import { exifDate } from "./exif-date";

/** As in the builder's thumbnails (docs/FORMAT.md 2.6); JPEG if the browser cannot write WebP. */
const FORMATS = [{ type: "image/webp", quality: 0.75 }, { type: "image/jpeg", quality: 0.82 }] as const;
/** A ThumbHash is computed from a picture of at most this size. */
const HASHED_SIZE = 100;
/** Metadata lies at the beginning of a file. */
const METADATA_BYTES = 1 << 20;

export function additionsHost(): AdditionsHost {
  return {
    sha256: globalThis.isSecureContext ? (data) => crypto.subtle.digest("SHA-256", data) : undefined,
    decode,
    metadata,
    channel: (name, heard) => {
      const channel = new BroadcastChannel(name);
      channel.addEventListener("message", heard);
      return { tell: () => { channel.postMessage("changed"); }, close: () => { channel.close(); } };
    },
    now: () => Date.now(),
  };
}

/** @throws PictureError for a file that this browser cannot read */
async function decode(file: Blob, size: number): Promise<DecodedPicture> {
  const bitmap = await openPicture(file);
  try {
    const { width, height } = bitmap;
    const forEncoder = drawnSize(width, height);
    const pixels = drawn(bitmap, forEncoder.width, forEncoder.height).pixels();
    const scale = Math.min(1, HASHED_SIZE / Math.max(width, height));
    const hashed = drawn(bitmap, Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))).pixels();
    const shown = fittedFor(width, height, size);
    const { rgbaToThumbHash } = await part(import("thumbhash"), "rgbaToThumbHash");
    return { pixels, width, height, ...await encoded(drawn(bitmap, shown.width, shown.height).canvas), placeholder: rgbaToThumbHash(hashed.width, hashed.height, hashed.data) };
  } finally {
    bitmap.close();
  }
}

async function encoded(canvas: OffscreenCanvas): Promise<Pick<DecodedPicture, "thumbnail" | "thumbnailType">> {
  for (const { type, quality } of FORMATS) {
    const blob = await canvas.convertToBlob({ type, quality });
    // A browser that cannot write a format gives PNG.
    if (blob.type === type) return { thumbnail: new Uint8Array(await blob.arrayBuffer()), thumbnailType: type };
  }
  throw new PictureError("This browser cannot make a thumbnail of the picture.");
}

const TEXT_TAGS = { Make: "make", Model: "model", LensModel: "lens" } as const;
const NUMBER_TAGS = { ISO: "iso", FNumber: "aperture", FocalLength: "focal_length", ExposureTime: "exposure_time" } as const;

/** Metadata by the builder's field names and its rules for dates and cameras, without places and names of people. */
async function metadata(file: Blob): Promise<Record<string, FieldValue>> {
  try {
    const { default: exifr } = await import("exifr/dist/lite.esm.mjs");
    const head = await file.slice(0, METADATA_BYTES).arrayBuffer();
    const tags = await exifr.parse(head, {
      pick: ["DateTimeOriginal", "CreateDate", ...Object.keys(TEXT_TAGS), ...Object.keys(NUMBER_TAGS)], reviveValues: false, gps: false,
    }) as Record<string, unknown> | undefined;
    return tags ? fieldsOf(tags) : {};
  } catch {
    return {};
  }
}

function fieldsOf(tags: Record<string, unknown>): Record<string, FieldValue> {
  const fields: Record<string, FieldValue> = {};
  const taken = exifDate(text(tags["DateTimeOriginal"])) ?? exifDate(text(tags["CreateDate"]));
  if (taken) fields["taken"] = taken;
  const [make, model, lens] = [text(tags["Make"]), text(tags["Model"]), text(tags["LensModel"])];
  const camera = model.toLowerCase().startsWith(make.toLowerCase().split(" ")[0] ?? "") ? model : `${make} ${model}`.trim();
  if (camera) fields["camera"] = camera;
  if (lens) fields["lens"] = lens;
  for (const [tag, name] of Object.entries(NUMBER_TAGS)) {
    const value = own(tags, tag);
    if (typeof value === "number" && Number.isFinite(value) && value > 0) fields[name] = value;
  }
  return fields;
}

function text(value: unknown): string {
  return typeof value === "string" ? value.replace(/\0/g, "").trim().slice(0, 200) : "";
}
