/** Exact scans of all codes: one interface with two implementations, WebAssembly and JavaScript, that give equal results. */
import { TopK } from "./heap";
import { wasmBytes } from "./scan.wat";

/** Rows that may be found: bit `r & 7` of byte `r >> 3`. */
export type RowMask = Uint8Array;

export interface Hits {
  /** Best first; equal dot products in row order. */
  rows: Uint32Array;
  dots: Int32Array;
}

export interface Scanner {
  readonly backend: "wasm" | "js";
  readonly count: number;
  readonly paddedDim: number;
  /** The codes, interleaved as in docs/FORMAT.md 2.9. Write them before the first scan. */
  readonly codes: Int8Array;
  /**
   * The `k` rows with the greatest integer dot products.
   * @param query int16 [paddedDim], from `integerQuery`: no dot product may leave 32 bits
   * @param mask allows only the rows whose bit is set; all rows if it is absent
   */
  scan(query: Int16Array, k: number, mask?: RowMask | null): Hits;
  /** Write the values of packed codes, from the row `first` on; see `unpackInto`. Absent without WebAssembly. */
  unpack?(first: number, packed: Uint8Array, layout: PackedLayout): void;
}

/** How codes are packed: see `unpackInto`. */
export interface PackedLayout {
  bits: Uint8Array;
  rowBytes: number;
}

/** Rows per block: the threshold rises from block to block, and hits of one block fit a small buffer. */
export const BLOCK_ROWS = 8192;
const PAGE = 65536;
/** The bytes of a group of codes in the table of `unpack`. */
const TABLE_BYTES = 144;

/** One scan of a block of groups, writing (row, dot) pairs and returning their number. */
type ScanBlock = (firstGroup: number, groups: number, threshold: number) => number;

/**
 * A scanner of `count` rows of `paddedDim` codes, all 0: `codes` is the memory that is scanned, so that files can be
 * decoded into it without a second copy of everything. Uses WebAssembly if it can, else JavaScript.
 */
export async function allocateScanner(count: number, paddedDim: number, backend?: "wasm" | "js"): Promise<Scanner> {
  if (paddedDim % 16) throw new RangeError(`Rows of ${paddedDim} codes are not padded to a multiple of 16.`);
  if (backend === "js") return jsScanner(count, paddedDim);
  try {
    return await wasmScanner(count, paddedDim);
  } catch (error) {
    // No SIMD, not enough memory, or WebAssembly is forbidden: slower, but the same results.
    if (backend === "wasm") throw error;
    return jsScanner(count, paddedDim);
  }
}

/**
 * A scanner of codes that are already in memory.
 * @param codes int8 [4 · paddedDim · ⌈count/4⌉], interleaved; copied
 */
export async function createScanner(
  codes: Int8Array, count: number, paddedDim: number, backend?: "wasm" | "js",
): Promise<Scanner> {
  const scanner = await allocateScanner(count, paddedDim, backend);
  if (codes.length !== scanner.codes.length) throw new RangeError(`${codes.length} codes are not those of ${count} rows of ${paddedDim}.`);
  scanner.codes.set(codes);
  return scanner;
}

function codesLength(count: number, paddedDim: number): number {
  return 4 * paddedDim * Math.ceil(count / 4);
}

async function wasmScanner(count: number, paddedDim: number): Promise<Scanner> {
  const align = (bytes: number) => Math.ceil(bytes / 16) * 16;
  const queryAt = 0;
  const maskAt = queryAt + align(2 * paddedDim);
  const outAt = maskAt + align(Math.ceil(count / 8));
  const tableAt = outAt + 8 * BLOCK_ROWS;
  const codesAt = tableAt + (paddedDim / 16) * TABLE_BYTES;
  const length = codesLength(count, paddedDim);
  const pages = Math.ceil((codesAt + length) / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { instance } = await WebAssembly.instantiate(wasmBytes(), { env: { memory } });
  const scanBlock = instance.exports["scan"] as (...args: number[]) => number;
  const queryInside = new Int16Array(memory.buffer, queryAt, paddedDim);
  const maskInside = new Uint8Array(memory.buffer, maskAt, Math.ceil(count / 8));
  const out = new Int32Array(memory.buffer, outAt, 2 * BLOCK_ROWS);
  const unpack = instance.exports["unpack"] as (...args: number[]) => void;
  return {
    backend: "wasm",
    count,
    paddedDim,
    codes: new Int8Array(memory.buffer, codesAt, length),
    scan(query, k, mask) {
      checkQuery(query, paddedDim);
      queryInside.set(query);
      fillMask(maskInside, count, mask);
      return scanAll(count, k, out, (first, groups, threshold) =>
        scanBlock(codesAt + first * 4 * paddedDim, groups, paddedDim, queryAt, maskAt, first * 4, threshold, outAt));
    },
    unpack(first, packed, { bits, rowBytes }) {
      new Uint8Array(memory.buffer, tableAt, codesAt - tableAt).set(unpackTable(bits, paddedDim));
      // The place for hits takes the packed codes, some rows at a time.
      const room = new Uint8Array(memory.buffer, outAt, 8 * BLOCK_ROWS);
      const most = Math.floor((room.length - 16) / rowBytes);
      const rows = packed.length / rowBytes;
      for (let row = 0; row < rows; row += most) {
        const some = Math.min(most, rows - row);
        room.set(packed.subarray(row * rowBytes, (row + some) * rowBytes));
        unpack(outAt, some, rowBytes, codesAt, first + row, paddedDim / 16, tableAt);
      }
    },
  };
}

/** What the kernel needs to unpack each group of 16 codes; scan.wat describes it. */
function unpackTable(bits: Uint8Array, paddedDim: number): Uint8Array {
  const table = new Uint8Array((paddedDim / 16) * TABLE_BYTES);
  const view = new DataView(table.buffer);
  for (let d = 0, bit = 0, start = 0; d < bits.length; d++) {
    const at = (d >> 4) * TABLE_BYTES;
    const lane = 2 * (d & 15);
    if (!lane) {
      start = bit >> 3;
      view.setUint32(at + 128, start, true);
    }
    const width = bits[d]!;
    const shift = bit & 7;
    // Sixteen codes of at most 7 bits lie in 15 bytes, and the second byte of the last window in the sixteenth.
    table[at + lane] = (bit >> 3) - start;
    table[at + lane + 1] = (bit >> 3) - start + 1;
    view.setUint16(at + 32 + lane, ((1 << width) - 1) << shift, true);
    view.setUint16(at + 64 + lane, 1 << (8 - shift), true);
    view.setUint16(at + 96 + lane, (1 << width) - 1, true);
    bit += width;
  }
  return table;
}

function jsScanner(count: number, paddedDim: number): Scanner {
  const codes = new Int8Array(codesLength(count, paddedDim));
  const bits = new Uint8Array(Math.ceil(count / 8));
  const out = new Int32Array(2 * BLOCK_ROWS);
  return {
    backend: "js",
    count,
    paddedDim,
    codes,
    scan(query, k, mask) {
      checkQuery(query, paddedDim);
      fillMask(bits, count, mask);
      return scanAll(count, k, out, (first, groups, threshold) => {
        let written = 0;
        for (let group = first; group < first + groups; group++) {
          const nibble = (bits[group >> 1]! >> ((group & 1) << 2)) & 15;
          if (!nibble) continue;
          for (let r = 0; r < 4; r++) {
            if (!(nibble & (1 << r))) continue;
            const dot = dotOf(codes, paddedDim, query, group * 4 + r);
            if (dot > threshold) {
              out[written++] = group * 4 + r;
              out[written++] = dot;
            }
          }
        }
        return written / 2;
      });
    },
  };
}

function scanAll(count: number, k: number, out: Int32Array, scanBlock: ScanBlock): Hits {
  const top = new TopK(Math.min(k, count));
  const groups = Math.ceil(count / 4);
  if (top.k) {
    for (let first = 0; first < groups; first += BLOCK_ROWS / 4) {
      const hits = scanBlock(first, Math.min(BLOCK_ROWS / 4, groups - first), top.threshold);
      for (let i = 0; i < hits; i++) top.push(out[2 * i]!, out[2 * i + 1]!);
    }
  }
  return top.finish();
}

function dotOf(codes: Int8Array, paddedDim: number, query: Int16Array, row: number): number {
  let at = codeOffset(paddedDim, row);
  let sum = 0;
  for (let d = 0; d < paddedDim; d += 16, at += 64) {
    for (let b = 0; b < 16; b++) sum += codes[at + b]! * query[d + b]!;
  }
  return sum;
}

/** Where the first 16 codes of a row start; the next 16 follow 64 bytes later. */
export function codeOffset(paddedDim: number, row: number): number {
  return (row >> 2) * 4 * paddedDim + (row & 3) * 16;
}

/** Fill `target` with the mask, or with all rows if there is none; bits beyond the last row stay 0. */
function fillMask(target: Uint8Array, count: number, mask: RowMask | null | undefined): void {
  if (mask) target.set(mask.subarray(0, target.length));
  else target.fill(255);
  if (count % 8) target[target.length - 1]! &= (1 << (count % 8)) - 1;
}

function checkQuery(query: Int16Array, paddedDim: number): void {
  if (query.length !== paddedDim) throw new RangeError(`The query has ${query.length} values instead of ${paddedDim}.`);
}
