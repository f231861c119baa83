/** Detects the type of a file by its first bytes, before any decoder reads it. Pure except for hashing. */
import { MAX_PICTURE_BYTES, MAX_PIXELS } from "../../base/limits";
import { bytes as size, count } from "../wording";

/** How many bytes nearly always include the type and size (in JPEG the size follows the metadata). */
export const INSPECTED_BYTES = 256 * 1024;

export type Kind = "jpeg" | "png" | "gif" | "webp" | "bmp" | "avif" | "heic" | "svg" | "tiff" | "ico" | "unknown";

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}

export function kindOf(head: Uint8Array): Kind {
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return "jpeg";
  if (ascii(head, 0, 8) === "\x89PNG\r\n\x1a\n") return "png";
  if (/^GIF8[79]a/.test(ascii(head, 0, 6))) return "gif";
  if (ascii(head, 0, 4) === "RIFF" && ascii(head, 8, 12) === "WEBP") return "webp";
  if (ascii(head, 0, 2) === "BM") return "bmp";
  if (/^(II\*\0|MM\0\*)/.test(ascii(head, 0, 4))) return "tiff";
  if (ascii(head, 0, 4) === "\0\0\x01\0") return "ico";
  if (ascii(head, 4, 8) === "ftyp") {
    const brands = ascii(head, 8, Math.min(head.length, 48));
    if (/avi[fs]/.test(brands)) return "avif";
    if (/hei[cxms]|hev[cx]|mif1|msf1/.test(brands)) return "heic";
  }
  const text = ascii(head, 0, Math.min(head.length, 1024)).replace(/^\xef\xbb\xbf/, "").trimStart();
  return text.startsWith("<") && /<svg[\s>]/i.test(text) ? "svg" : "unknown";
}

/** Width and height from the first bytes of a file; null if they are not there. */
export function sizeOf(head: Uint8Array, kind: Kind): { width: number; height: number } | null {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  try {
    switch (kind) {
      case "png":
        return { width: view.getUint32(16), height: view.getUint32(20) };
      case "gif":
        return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
      case "bmp":
        return { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) };
      case "webp":
        return webpSize(head, view);
      case "jpeg":
        return jpegSize(view);
      case "avif":
        return boxSize(head, view);
      default:
        return null;
    }
  } catch {
    // Cut short: the decoder will report it.
    return null;
  }
}

function jpegSize(view: DataView): { width: number; height: number } | null {
  let at = 2;
  for (;;) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    // Frame headers, except for the tables and extensions in the same range.
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    }
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
}

function webpSize(head: Uint8Array, view: DataView): { width: number; height: number } | null {
  const three = (at: number): number => 1 + view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
  switch (ascii(head, 12, 16)) {
    case "VP8X":
      return { width: three(24), height: three(27) };
    case "VP8 ":
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
    case "VP8L": {
      const packed = view.getUint32(21, true);
      return { width: (packed & 0x3fff) + 1, height: ((packed >>> 14) & 0x3fff) + 1 };
    }
    default:
      return null;
  }
}

/** The largest `ispe` box: AVIF has one with the size of each part. */
function boxSize(head: Uint8Array, view: DataView): { width: number; height: number } | null {
  let best: { width: number; height: number } | null = null;
  for (let at = 4; at + 16 < Math.min(head.length, 8192); at++) {
    if (head[at] !== 0x69 || ascii(head, at, at + 4) !== "ispe") continue;
    const found = { width: view.getUint32(at + 8), height: view.getUint32(at + 12) };
    if (!best || found.width * found.height > best.width * best.height) best = found;
  }
  return best;
}

/** Why a file cannot be used in a search, as a sentence for the person; null if it can. */
export function refusal(length: number, head: Uint8Array): string | null {
  if (length === 0) return "This file is empty.";
  const kind = kindOf(head);
  if (kind === "unknown") return "This is not a picture.";
  if (length > MAX_PICTURE_BYTES) return `This file is too large (${size(length)}). The limit is ${size(MAX_PICTURE_BYTES)}.`;
  const pixels = sizeOf(head, kind);
  if (pixels && pixels.width * pixels.height > MAX_PIXELS) {
    return `This picture is too large: ${count(pixels.width)} × ${count(pixels.height)} pixels, the limit is ${count(MAX_PIXELS / 1_000_000)} million.`;
  }
  return null;
}

/** The message for a picture that the browser could not decode. */
export function undecodable(kind: Kind): string {
  if (kind === "heic") return "This browser cannot read HEIC. Save the picture as JPEG, or take a screenshot of it.";
  if (kind === "tiff") return "This browser cannot read TIFF. Save the picture as JPEG or PNG.";
  if (kind === "avif") return "This browser cannot read this AVIF. Save the picture as JPEG or PNG.";
  return "This picture is damaged, or in a format that this browser cannot read.";
}

/** The name of a file by its content: 16 hexadecimal digits of its SHA-256, or of a simpler hash if the page is not served over https. */
export async function hashOf(content: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle) {
    const digest = new Uint8Array(await subtle.digest("SHA-256", content));
    return [...digest.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  // Two 32-bit FNV-1a hashes, which only have to distinguish the pictures of one person.
  let [a, b] = [0x811c9dc5, 0x01000193 ^ content.length];
  for (const byte of content) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x01000197);
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}
