/** The files of the tier `cells` (docs/FORMAT.md 2.9). Everything that a file counts is checked; a violation throws FormatError. */
import { headerCount, readContainer, section, type Container } from "./container";
import { FormatError } from "./errors";
import type { CellsEntry } from "./manifest";
import { rowsOfFile, type RowsBlock } from "./rows";

/** The cell of a row without an embedding. */
export const NO_CELL = 65_535;
/** Bits of a direction: 0 in the index if a direction is left out there. */
const MOST_BITS = 7;
const LARGEST_STEP = 1e6;

/** What codes of rows look like. */
export interface CellShape {
  dim: number;
  /** Bits and bytes of the coarse code of a row. */
  rowBits: number;
  rowBytes: number;
}

/** What does not change when rows are added: where the centres of the cells lie. */
export interface CellIndex {
  bits: Uint8Array;
  steps: Float32Array;
  /** Packed codes of the centres less the quantizer's mean, u8 [cells · codeBytes]. */
  codes: Uint8Array;
  codeBytes: number;
  /** How much the best row of a cell is expected to add for a query of length 1, float64 [cells]. */
  reach: Float64Array;
  /** The step of each dimension of a row's code, at scale 32. */
  rowScale: Float32Array;
}

/** Where rows lie. The tail, which has rows that are not in a cell yet, is one more cell at the end. */
export interface CellSizes {
  tail: boolean;
  /** Rows of each cell, u32 [cells + tail]. */
  sizes: Uint32Array;
  /** How many rows lie before each cell, and in all. */
  starts: Uint32Array;
  /** The first cell of each group file, and their end. */
  groupStarts: Uint32Array;
  /** The first vector file of each cell, and their end. */
  fileStarts: Uint32Array;
}

/** Some cells with all their rows. */
export interface CellGroup {
  first: number;
  /** i8 [cells · dim]; none of the tail. */
  centres: Int8Array;
  rows: Uint32Array;
  factors: Uint8Array;
  codes: Uint8Array;
  /** The cell that each row of the tail is coded against; null if this is not the tail. */
  near: Uint16Array | null;
}

/** @param dims directions of the coarse codes */
export function readCellIndex(bytes: Uint8Array, { cells, dim }: Pick<CellsEntry, "cells" | "dim">, dims: number): CellIndex {
  const container = readContainer(bytes, "cells");
  checkHeader(container, { cells: cells.count, dim, dims });
  const bits = section(container, "bits", ["u8"], dims);
  if (bits.some((width) => width > MOST_BITS)) throw new FormatError("The index of cells has directions of too many bits.");
  const steps = positive(section(container, "steps", ["f32"], dims));
  const total = sum(bits);
  const codeBytes = Math.ceil(total / 8);
  checkHeader(container, { code_bytes: codeBytes });
  const codes = section(container, "codes", ["u8"], cells.count * codeBytes);
  checkPadding(codes, total);
  const step = container.header["reach_step"];
  if (typeof step !== "number" || !(step >= 0 && step <= LARGEST_STEP)) throw new FormatError("The index of cells has no valid “reach_step”.");
  const reach = Float64Array.from(section(container, "reach", ["u8"], cells.count), (value) => value * step);
  return { bits, steps, codes, codeBytes, reach, rowScale: positive(section(container, "row_scale", ["f32"], dim)) };
}

/** @param known rows with an embedding: all of them lie in cells */
export function readCellSizes(bytes: Uint8Array, { cells, groups, files }: Pick<CellsEntry, "cells" | "groups" | "files">, known: number): CellSizes {
  const container = readContainer(bytes, "cell-sizes");
  checkHeader(container, { cells: cells.count, groups: groups.count });
  const tail = headerCount(container, "tail");
  if (tail > 1) throw new FormatError("The header of a cell-sizes file has no valid “tail”.");
  const total = cells.count + tail;
  const sizes = section(container, "sizes", ["u32"], total);
  const perGroup = section(container, "group_cells", ["u32"], groups.count);
  if (perGroup.includes(0) || sum(perGroup) !== total || (tail && perGroup[groups.count - 1] !== 1)) {
    throw new FormatError("The sizes of cells do not cut the cells into groups.");
  }
  if (sum(sizes) !== known) throw new FormatError(`The cells do not hold the ${known} rows with an embedding.`);
  const fileStarts = starts(sizes.map((size) => Math.ceil(size / cells.rows_per_file)));
  if (fileStarts[total] !== files.count) throw new FormatError("The vectors have another number of files than their cells need.");
  return { tail: tail === 1, sizes, starts: starts(sizes), groupStarts: starts(perGroup), fileStarts };
}

/** The group file of that number, of a collection of `count` rows. */
export function readCellGroup(bytes: Uint8Array, number: number, { tail, sizes, starts, groupStarts }: CellSizes, { dim, rowBits, rowBytes }: CellShape, count: number): CellGroup {
  const container = readContainer(bytes, "cell-codes");
  const [first, end] = [groupStarts[number]!, groupStarts[number + 1]!];
  const cells = end - first;
  const size = starts[end]! - starts[first]!;
  checkHeader(container, { first, cells, count: size, row_bytes: rowBytes, dim });
  const isTail = tail && end === sizes.length;
  const centres = isTail ? new Int8Array() : codesOf(container, "centres", cells * dim);
  const rows = section(container, "rows", ["u32"], size);
  const sorted = rows.slice().sort();
  if (size && sorted[size - 1]! >= count) throw new FormatError("A cell has a row that the collection does not have.");
  if (sorted.some((row, i) => i > 0 && row === sorted[i - 1])) throw new FormatError("A row lies in a group of cells twice.");
  const codes = section(container, "codes", ["u8"], size * rowBytes);
  checkPadding(codes, rowBits, rowBytes);
  const near = isTail ? section(container, "near", ["u16"], size) : null;
  if (near?.some((cell) => cell >= first)) throw new FormatError("A row of the tail is coded against a cell that does not exist.");
  return { first, centres, rows, factors: factorsOf(container, "factors", size), codes, near };
}

/** The codes of some rows of a cell, i8 [count · dim], the scale of each, and what the grid needs for them if that lies beside. */
export interface CellVectors {
  scales: Uint8Array;
  codes: Int8Array;
  drawn: RowsBlock | null;
}

/** The rows `first … first + count - 1` of a cell. */
export function readCellVectors(bytes: Uint8Array, cell: number, first: number, count: number, dim: number, drawn: boolean): CellVectors {
  const container = readContainer(bytes, "cell-vectors");
  checkHeader(container, { cell, first, count, dim });
  return {
    scales: factorsOf(container, "scales", count), codes: codesOf(container, "codes", count * dim), drawn: drawn ? rowsOfFile(container, 0, count) : null,
  };
}

/** The cells of the rows `first … first + count - 1`, of `total` with the tail; NO_CELL for a row without an embedding. */
export function readRowCells(bytes: Uint8Array, first: number, count: number, total: number): Uint16Array {
  const container = readContainer(bytes, "row-cells");
  checkHeader(container, { first, count });
  const cells = section(container, "cells", ["u16"], count);
  if (cells.some((cell) => cell >= total && cell !== NO_CELL)) throw new FormatError("A row lies in a cell that does not exist.");
  return cells;
}

/** The codes of a sample of rows, i8 [count · dim]. */
export function readSample(bytes: Uint8Array, count: number, dim: number): Int8Array {
  const container = readContainer(bytes, "sample");
  checkHeader(container, { count, dim });
  return codesOf(container, "codes", count * dim);
}

function checkHeader(container: Container, values: Record<string, number>): void {
  for (const [key, value] of Object.entries(values)) {
    if (headerCount(container, key) !== value) throw new FormatError(`A ${String(container.header["kind"])} file has another “${key}” than ${value}.`);
  }
}

function codesOf(container: Container, name: string, length: number): Int8Array {
  const codes = section(container, name, ["i8"], length);
  if (codes.includes(-128)) throw new FormatError(`Section “${name}” of a ${String(container.header["kind"])} file has a code of -128.`);
  return codes;
}

function factorsOf(container: Container, name: string, length: number): Uint8Array {
  const factors = section(container, name, ["u8"], length);
  if (factors.includes(0)) throw new FormatError(`Section “${name}” of a ${String(container.header["kind"])} file has a 0.`);
  return factors;
}

function positive(values: Float32Array): Float32Array {
  if (!values.every((value) => value > 0 && Number.isFinite(value))) throw new FormatError("The index of cells has a value that is not positive.");
  return values;
}

/** The bits after a code of `bits` bits must be 0. */
function checkPadding(codes: Uint8Array, bits: number, bytes = Math.ceil(bits / 8)): void {
  if (bits % 8 === 0) return;
  for (let at = bytes - 1; at < codes.length; at += bytes) {
    if (codes[at]! >> (bits % 8)) throw new FormatError("The bits after a coarse code are not 0.");
  }
}

function sum(values: Uint8Array | Uint32Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** The sums of the values before each, and of all. */
function starts(values: Uint32Array): Uint32Array {
  const result = new Uint32Array(values.length + 1);
  values.forEach((value, i) => { result[i + 1] = result[i]! + value; });
  return result;
}
