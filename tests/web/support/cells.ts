/** Vectors of the tier `cells` with random codes, written as docs/FORMAT.md 2.9 says, and a plain search in them (docs/QUERY.md). */
import type { CellsEntry, FileEntry } from "../../../web_assets/src/format";
import { container, Files } from "./writer";

export interface Options {
  seed?: number;
  rows?: number;
  dim?: number;
  cells?: number;
  least?: number;
  most?: number;
  rowsPerFile?: number;
  /** Rows in no cell yet. */
  tail?: number;
  missing?: readonly number[];
  /** Cells that have no rows. */
  empty?: readonly number[];
  /** Whether what the grid needs for rows lies beside their vectors: `drawnRow` of each. */
  drawn?: boolean;
}

interface Cell {
  centre: number[];
  near: number[];
  rows: number[];
  factors: number[];
  values: number[][];
  scales: number[];
  codes: number[][];
}

/** Everything that the files say. */
export interface Plain {
  count: number;
  dim: number;
  /** Without the tail. */
  cellCount: number;
  least: number;
  most: number;
  mean: Float32Array;
  scale: Float32Array;
  matrix: number[][];
  along: Float32Array;
  steps: Float32Array;
  indexSteps: Float32Array;
  indexValues: number[][];
  reach: number[];
  reachStep: number;
  rowScale: Float32Array;
  cells: Cell[];
  hasTail: boolean;
  samples: number[][];
}

export interface Written {
  entry: CellsEntry;
  files: Files;
  plain: Plain;
  missing: readonly number[];
}

/** Numbers from 0 up to n, the same for the same seed. */
export function randomFrom(seed: number): (n: number) => number {
  let state = seed * 2654435761 + 1;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

export function writeCells(options: Options = {}): Written {
  const { seed = 1, rows: count = 300, dim = 10, cells = 20, least = 2, most = 5, rowsPerFile = 4, tail = 0, missing = [], empty = [], drawn = false } = options;
  const random = randomFrom(seed);
  const list = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
  const floats = (n: number, make: () => number): Float32Array => Float32Array.from({ length: n }, make);
  const signed = (): number => random(255) - 127;
  const dims = dim - 2;
  const bits = Uint8Array.from({ length: dims }, () => 1 + random(7));
  const indexBits = Uint8Array.from({ length: dims }, () => random(8));
  const valueOf = (width: number): number => (width ? 2 * random(2 ** width) - 2 ** width + 1 : 0);
  const known = list(count, (row) => row).filter((row) => !missing.includes(row));
  for (let i = known.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [known[i], known[j]] = [known[j]!, known[i]!];
  }
  const free = list(cells, (c) => c).filter((c) => !empty.includes(c));
  const owner = known.map((_, i) => (i < tail ? cells : free[random(free.length)]!));
  const plain: Plain = {
    count, dim, cellCount: cells, least, most, hasTail: tail > 0,
    mean: floats(dim, () => signed() / 500), scale: floats(dim, () => (1 + random(9)) / 400),
    matrix: list(dims, () => list(dim, signed)), along: floats(dims, () => (1 + random(9)) / 300), steps: floats(dims, () => (1 + random(5)) / 20),
    indexSteps: floats(dims, () => (1 + random(5)) / 15), indexValues: list(cells, () => Array.from(indexBits, valueOf)),
    reach: list(cells, () => random(256)), reachStep: 0.0009, rowScale: floats(dim, () => (1 + random(9)) / 5000),
    cells: list(cells + (tail ? 1 : 0), (cell) => {
      const rows = known.filter((_, i) => owner[i] === cell);
      return {
        centre: cell < cells ? list(dim, signed) : [], near: cell < cells ? [] : rows.map(() => random(cells)), rows,
        factors: rows.map(() => 1 + random(255)), values: rows.map(() => Array.from(bits, valueOf)),
        scales: rows.map(() => 1 + random(255)), codes: rows.map(() => list(dim, signed)),
      };
    }),
    samples: list(Math.min(known.length, 1024), () => list(dim, signed)),
  };
  const files = new Files();
  const put = (name: string, header: Record<string, unknown>, sections: Parameters<typeof container>[2], kind = name): FileEntry =>
    files.put(`data/${name}`, container(kind, header, sections), { gzip: true });
  const rowBytes = Math.ceil(sum(bits) / 8);
  const codeBytes = Math.ceil(sum(indexBits) / 8);
  const groups: FileEntry[] = [];
  const groupCells: number[] = [];
  for (let first = 0; first < plain.cells.length;) {
    const size = first >= cells ? 1 : Math.min(cells - first, 1 + random(3));
    const inside = plain.cells.slice(first, first + size);
    const rows = inside.flatMap((cell) => cell.rows);
    groupCells.push(size);
    groups.push(put("cell-codes", { first, cells: size, count: rows.length, row_bytes: rowBytes, dim }, {
      ...first < cells ? { centres: Int8Array.from(inside.flatMap((cell) => cell.centre)) } : { near: Uint16Array.from(inside.flatMap((cell) => cell.near)) },
      rows: Uint32Array.from(rows), factors: Uint8Array.from(inside.flatMap((cell) => cell.factors)),
      codes: packed(inside.flatMap((cell) => cell.values), bits, rowBytes),
    }));
    first += size;
  }
  const vectors = plain.cells.flatMap(({ rows, scales, codes }, cell) => {
    const n = Math.ceil(rows.length / rowsPerFile);
    return list(n, (i) => {
      const [first, end] = [Math.floor((i * rows.length) / n), Math.floor(((i + 1) * rows.length) / n)];
      return put("cell-vectors", { cell, first, count: end - first, dim }, {
        scales: Uint8Array.from(scales.slice(first, end)), codes: Int8Array.from(codes.slice(first, end).flat()),
        ...drawn ? drawnRows(rows.slice(first, end)) : {},
      });
    });
  });
  const rowCells = new Uint16Array(count).fill(65_535);
  plain.cells.forEach(({ rows }, cell) => { for (const row of rows) rowCells[row] = cell; });
  const block = 16_384;
  const blocks = list(Math.ceil(count / block), (b) => rowCells.slice(b * block, (b + 1) * block));
  const entry: CellsEntry = {
    tier: "cells", codec: "int8", source: "pictures", count, dim,
    missing: missing.length ? { count: missing.length, file: files.put("data/missing", rowSet(missing)) } : null,
    quantizer: put("quantizer", { dim }, { mean: plain.mean, scale: plain.scale }),
    coarse: { file: put("coarse", { dim, dims, row_bytes: rowBytes }, { scale: plain.along, steps: plain.steps, bits, matrix: Int8Array.from(plain.matrix.flat()) }) },
    cells: {
      count: cells, least, most, rows_per_file: rowsPerFile, ...drawn ? { drawn } : {},
      file: put("cells", { cells, dim, dims, code_bytes: codeBytes, reach_step: plain.reachStep }, {
        bits: indexBits, steps: plain.indexSteps, codes: packed(plain.indexValues, indexBits, codeBytes), reach: Uint8Array.from(plain.reach), row_scale: plain.rowScale,
      }),
      sizes: put("cell-sizes", { cells, tail: tail ? 1 : 0, groups: groups.length }, {
        sizes: Uint32Array.from(plain.cells, ({ rows }) => rows.length), group_cells: Uint32Array.from(groupCells),
      }),
    },
    sample: { pictures: { count: plain.samples.length, file: put("sample", { count: plain.samples.length, dim }, { codes: Int8Array.from(plain.samples.flat()) }) }, texts: null },
    groups: files.list("data/cell-codes", groups, 4), files: files.list("data/cell-vectors", vectors, 8),
    row_cells: { block, files: files.list("data/row-cells", blocks.map((cells, b) => put("row-cells", { first: b * block, count: cells.length }, { cells }))) },
  };
  return { entry, files, plain, missing };
}

/** What the grid needs for a row: made up, but different for each. */
export function drawnRow(row: number) {
  return { id: (0xabcd_0000_0000n + BigInt(row)).toString(16).padStart(16, "0"), width: 100 + row, height: 50 + row, offset: 10 * row, length: row % 3 ? 7 + row : 0, placeholder: [1 + row % 200, 2, 3] };
}

function drawnRows(rows: readonly number[]) {
  const all = rows.map(drawnRow);
  const hexes = all.flatMap(({ id }) => id.match(/../g)!.map((pair) => parseInt(pair, 16)));
  const column = (name: "width" | "height" | "offset" | "length") => Uint32Array.from(all, (one) => one[name]);
  return {
    id: Uint8Array.from(hexes), width: column("width"), height: column("height"), pack: Uint8Array.from(rows.flatMap((row) => [row & 255, row >> 8, 1, 2, 3, 4, 5, 6])),
    offset: column("offset"), length: column("length"),
    placeholder: Uint8Array.from(all.flatMap(({ placeholder }) => [placeholder.length, ...placeholder, ...new Array<number>(31 - placeholder.length).fill(0)])),
  };
}

/** Bits in order, the lowest first. */
function packed(rows: readonly number[][], bits: Uint8Array, bytes: number): Uint8Array {
  return Uint8Array.from(rows.flatMap((values) => {
    let [whole, at] = [0n, 0n];
    values.forEach((value, d) => {
      const width = bits[d]!;
      whole |= BigInt((value + 2 ** width - 1) / 2) << at;
      at += BigInt(width);
    });
    return Array.from({ length: bytes }, (_, i) => Number((whole >> BigInt(8 * i)) & 255n));
  }));
}

/** A set of rows as gaps (1.6). */
function rowSet(rows: readonly number[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([0, ...rows.flatMap((row, i) => {
    const gap = row - (i ? rows[i - 1]! + 1 : 0);
    return gap < 128 ? [gap] : [(gap & 127) | 128, gap >> 7];
  })]);
}

function sum(values: Uint8Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** A sum term after term, in double precision. */
function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

/** The plain search: what it finds, and every similarity that it gave. */
export function plainSearch(plain: Plain, query: ArrayLike<number>, k: number, allowed: ReadonlySet<number> | null) {
  const q = Array.from(query);
  const p = plain.matrix.map((direction, d) => plain.along[d]! * dot(direction, q));
  const mean = dot(q, plain.mean);
  const bases = plain.indexValues.map((values) => mean + dot(p.map((value, d) => value * plain.indexSteps[d]!), values));
  const routed = bases.map((base, c) => base + plain.reach[c]! * plain.reachStep * Math.sqrt(dot(q, q)));
  const order = [...routed.keys()].sort((a, b) => routed[b]! - routed[a]! || a - b);
  const middle = routed.reduce((total, value) => total + value, 0) / routed.length;
  const deviation = Math.sqrt(routed.reduce((total, value) => total + (value - middle) ** 2, 0) / routed.length);
  const likely = routed.filter((value) => value >= Math.max(...routed) - 1.1 * deviation).length;
  let n = Math.min(Math.max(likely, plain.least), plain.most, plain.cellCount);
  if (k > 1024) n = Math.min(plain.cellCount, Math.ceil((n * k) / 1024));
  const last = plain.hasTail ? [plain.cellCount] : [];
  const found = new Map<number, number>();
  const base = (cell: number, at: number): number => (cell === plain.cellCount ? bases[plain.cells[cell]!.near[at]!]! : exact(cell));
  const exact = (cell: number): number => plain.cells[cell]!.centre.reduce((total, code, i) => total + q[i]! * (plain.mean[i]! + plain.scale[i]! * code), 0);
  const read = (cell: number): void => {
    const { rows, factors, values } = plain.cells[cell]!;
    rows.forEach((row, at) => {
      if (allowed && !allowed.has(row)) return;
      found.set(row, base(cell, at) + (factors[at]! / 128) * dot(p.map((value, d) => value * plain.steps[d]!), values[at]!));
    });
  };
  if (!allowed) [...last, ...order.slice(0, n)].forEach(read);
  else if ([...allowed].length > 2048) {
    [...last, ...order.slice(0, n)].forEach(read);
    for (let end = n; found.size < k && end < Math.min(4 * n, plain.cellCount); end += n) order.slice(end, Math.min(end + n, 4 * n)).forEach(read);
  } else {
    const own = plain.cells.map(({ rows }) => rows.some((row) => allowed.has(row)));
    const wanted = order.filter((cell) => own[cell]).slice(0, 4 * plain.most);
    [...last.filter((cell) => own[cell]), ...wanted].forEach(read);
    plain.cells.forEach(({ rows }, cell) => { for (const row of rows) if (allowed.has(row) && !found.has(row)) found.set(row, bases[cell]!); });
  }
  const byValue = (a: number, b: number): number => found.get(b)! - found.get(a)! || a - b;
  const first = [...found.keys()].sort(byValue).slice(0, k);
  for (const row of first.slice(0, 52)) {
    const cell = plain.cells.findIndex(({ rows }) => rows.includes(row));
    const { rows, scales, codes } = plain.cells[cell]!;
    const at = rows.indexOf(row);
    found.set(row, base(cell, at) + (scales[at]! / 32) * dot(q.map((value, i) => value * plain.rowScale[i]!), codes[at]!));
  }
  first.sort(byValue);
  return { rows: first, similarities: first.map((row) => found.get(row)!), all: found };
}

/** The embedding of a row of a cell, in double precision. */
export function plainEmbedding(plain: Plain, row: number): number[] {
  const cell = plain.cells.findIndex(({ rows }) => rows.includes(row));
  if (cell < 0) return new Array<number>(plain.dim).fill(0);
  const { rows, centre, near, scales, codes } = plain.cells[cell]!;
  const at = rows.indexOf(row);
  return Array.from({ length: plain.dim }, (_, k) => {
    const coarse = () => plain.indexValues[near[at]!]!.reduce((total, value, d) => total + plain.along[d]! * plain.indexSteps[d]! * value * plain.matrix[d]![k]!, 0);
    const base = plain.mean[k]! + (centre.length ? plain.scale[k]! * centre[k]! : coarse());
    return base + (scales[at]! / 32) * plain.rowScale[k]! * codes[at]![k]!;
  });
}
