/** Blocks of rows (docs/FORMAT.md 2.3). */
import { headerCount, readContainer, section, type Container } from "./container";
import { FormatError } from "./errors";
import { hex } from "./hex";

/** Bytes of a row in the sections of a block. */
export const DRAWN_BYTES = 64;

/** What a grid needs to draw the images `first … first + count - 1`. */
export interface RowsBlock {
  first: number;
  count: number;
  /** 8 bytes per row: the image ids. */
  id: Uint8Array;
  /** Pixels of the image as displayed; 0 if there is no picture. */
  width: Uint32Array;
  height: Uint32Array;
  /** 8 bytes per row: the hash16 of the thumbnail's file. */
  pack: Uint8Array;
  /** Where in that file the thumbnail lies, in bytes; length 0 if there is none. */
  offset: Uint32Array;
  length: Uint32Array;
  /** 32 bytes per row: a length byte and a ThumbHash. */
  placeholder: Uint8Array;
}

/** Decode the block that must hold the rows `first … first + count - 1`. Throws FormatError. */
export function readRows(bytes: Uint8Array, first: number, count: number): RowsBlock {
  const container = readContainer(bytes, "rows");
  if (headerCount(container, "first") !== first || headerCount(container, "count") !== count) {
    throw new FormatError("A block contains other rows than the manifest says.");
  }
  return rowsOfFile(container, first, count);
}

/** The sections that draw `count` rows, of a container of any kind. Throws FormatError. */
export function rowsOfFile(container: Container, first: number, count: number): RowsBlock {
  return {
    first,
    count,
    id: section(container, "id", ["u8"], 8 * count),
    width: section(container, "width", ["u32"], count),
    height: section(container, "height", ["u32"], count),
    pack: section(container, "pack", ["u8"], 8 * count),
    offset: section(container, "offset", ["u32"], count),
    length: section(container, "length", ["u32"], count),
    placeholder: section(container, "placeholder", ["u8"], 32 * count),
  };
}

/** The image id at `index` of a block, 16 lower-case hexadecimal digits. */
export function idAt(block: RowsBlock, index: number): string {
  return hex(block.id.subarray(8 * index, 8 * index + 8));
}

/** The ThumbHash at `index` of a block; empty if there is none. */
export function placeholderAt(block: RowsBlock, index: number): Uint8Array {
  const length = Math.min(block.placeholder[32 * index]!, 31);
  return block.placeholder.slice(32 * index + 1, 32 * index + 1 + length);
}
