/** Rows and ids (docs/FORMAT.md 2.3). */
import { headerCount, readContainer, section } from "./container";
import { FormatError } from "./errors";

/** A block of rows: what a grid needs to draw the images `first … first + count - 1`. */
export interface RowsBlock {
  first: number;
  count: number;
  /** Pixels of the image as displayed; 0 where there is no picture. */
  width: Uint32Array;
  height: Uint32Array;
  /** 8 bytes a row: the hash16 of the thumbnail's file. */
  pack: Uint8Array;
  /** Where in that file the thumbnail lies; length 0 where there is none. */
  offset: Uint32Array;
  length: Uint32Array;
  /** 32 bytes a row: a length byte and a ThumbHash. */
  placeholder: Uint8Array;
}

export function readRows(bytes: Uint8Array): RowsBlock {
  const container = readContainer(bytes, "rows");
  const first = headerCount(container, "first");
  const count = headerCount(container, "count");
  return {
    first,
    count,
    width: section(container, "width", ["u32"], count),
    height: section(container, "height", ["u32"], count),
    pack: section(container, "pack", ["u8"], 8 * count),
    offset: section(container, "offset", ["u32"], count),
    length: section(container, "length", ["u32"], count),
    placeholder: section(container, "placeholder", ["u8"], 32 * count),
  };
}

/** The image ids in row order. */
export class Ids {
  /** @param bytes 8 bytes a row */
  constructor(private readonly bytes: Uint8Array) {}

  get count(): number {
    return this.bytes.length / 8;
  }

  /** The id of a row, 16 lower-case hex digits. */
  at(row: number): string {
    return hex(this.bytes.subarray(row * 8, row * 8 + 8));
  }

  /** A copy of all of them, 8 bytes a row. */
  all(): Uint8Array {
    return this.bytes.slice();
  }

  /** The row of an id; null where there is none. A scan: some 2 ms for a million rows. */
  rowOf(id: string): number | null {
    if (!/^[0-9a-f]{16}$/.test(id)) return null;
    const wanted = Uint8Array.from(id.match(/../g)!, (pair) => parseInt(pair, 16));
    const { bytes } = this;
    for (let at = 0; at < bytes.length; at += 8) {
      let i = 0;
      while (i < 8 && bytes[at + i] === wanted[i]) i++;
      if (i === 8) return at / 8;
    }
    return null;
  }
}

export function readIds(bytes: Uint8Array, count: number): Ids {
  const container = readContainer(bytes, "ids");
  if (headerCount(container, "count") !== count) throw new FormatError("The ids file has another count than the manifest.");
  return new Ids(section(container, "ids", ["u8"], 8 * count));
}

const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Lower-case hexadecimal digits of bytes. */
export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += PAIRS[byte]!;
  return text;
}

/** The ThumbHash of the row at `index` of a block; empty where there is none. */
export function placeholderAt(block: RowsBlock, index: number): Uint8Array {
  const length = Math.min(block.placeholder[32 * index]!, 31);
  return block.placeholder.slice(32 * index + 1, 32 * index + 1 + length);
}
