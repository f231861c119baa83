/** The files of the tier `cells`, loaded when a search needs them; those that were used last stay in memory. */
import {
  NO_CELL, readCellGroup, readCellVectors, readRowCells, readSample, type CellGroup, type CellSizes, type CellShape,
} from "../../format/cells";
import { FormatError, type CellsEntry, type FileEntry, type FileList, type RowsBlock } from "../../format/index";
import type { SiteFiles } from "../files";
import { Shared } from "../lru";
import { has, type Mask } from "../mask";
import { Kept, type Sized } from "./kept";
import type { Lost } from "./lost";
import { SCALE_ONE, type Scheme } from "./scheme";

/** The most bytes of each kind in memory. */
const [GROUP_BYTES, VECTOR_BYTES] = [16 << 20, 8 << 20];
/** How often a file is asked for again: a search answers from the others, so a visitor without a connection does not wait for long. */
const RETRIES = 1;
/** Blocks of the cells of rows, of 32 kB each. */
const ROW_BLOCKS = 64;

export interface LoadedGroup extends CellGroup, Sized {}

/** The int8 codes of some rows of one cell, and what they are coded against. */
export interface LoadedVectors extends Sized {
  /** The place of the first row in its cell. */
  first: number;
  rows: Uint32Array;
  scales: Uint8Array;
  codes: Int8Array;
  /** The code of the centre; of the tail, the cell that each row is coded against. */
  centre: Int8Array;
  near: Uint16Array | null;
  /** What the grid needs for the rows; null if the files do not have it. */
  drawn: RowsBlock | null;
}

export class CellStore {
  private readonly groups = new Kept<LoadedGroup>(GROUP_BYTES);
  private readonly vectors = new Kept<LoadedVectors>(VECTOR_BYTES);
  private readonly rowBlocks = new Shared<Uint16Array>(ROW_BLOCKS);
  private readonly samples = new Shared<Int8Array>();
  private readonly lists: { groups: FileList; vectors: FileList; rows: FileList };
  private readonly shape: CellShape;

  /** @param known the rows with an embedding; null if all have one */
  constructor(
    private readonly files: SiteFiles, private readonly entry: CellsEntry, private readonly scheme: Scheme, readonly sizes: CellSizes, private readonly known: Mask | null,
    lists: { groups: FileList; vectors: FileList },
  ) {
    const { bits, rowBytes } = scheme.directions;
    this.shape = { dim: entry.dim, rowBytes, rowBits: bits.reduce((sum, width) => sum + width, 0) };
    this.lists = { ...lists, rows: files.list(entry.row_cells.files, "vectors") };
  }

  /** How many cells there are, without the tail. */
  get count(): number {
    return this.entry.cells.count;
  }

  /** The number of the group file that a cell lies in. */
  groupOf(cell: number): number {
    const { groupStarts } = this.sizes;
    let [low, high] = [0, groupStarts.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (groupStarts[middle]! <= cell) low = middle;
      else high = middle;
    }
    return low;
  }

  hasGroup(number: number): boolean {
    return this.groups.has(number);
  }

  /** @throws LoadError, FormatError, or the signal's reason */
  group(number: number, signal?: AbortSignal): Promise<LoadedGroup> {
    return this.groups.get(number, (stop) => this.read(this.lists.groups, number, stop, (content) => {
      const group = readCellGroup(content, number, this.sizes, this.shape, this.entry.count);
      const { known } = this;
      if (known && group.rows.some((row) => !has(known, row))) throw new FormatError("A row without an embedding lies in a cell.");
      return { ...group, bytes: content.length };
    }), signal);
  }

  /** Where the rows of a cell lie in its group: the first, and the one after the last. */
  span(cell: number, { first }: CellGroup): [from: number, to: number] {
    const { starts } = this.sizes;
    return [starts[cell]! - starts[first]!, starts[cell + 1]! - starts[first]!];
  }

  /** The place of a row in its cell. Throws FormatError if it is not there. */
  placeOf(row: number, cell: number, group: CellGroup): number {
    const place = group.rows.subarray(...this.span(cell, group)).indexOf(row);
    if (place < 0) throw new FormatError("A row does not lie in the cell that it should.");
    return place;
  }

  /** The number of the vector file of the row at a place of a cell. */
  fileOf(cell: number, place: number): number {
    const { fileStarts, sizes } = this.sizes;
    const files = fileStarts[cell + 1]! - fileStarts[cell]!;
    return fileStarts[cell]! + Math.floor(((place + 1) * files - 1) / sizes[cell]!);
  }

  /** The vector file of that number, of a cell. Loads its group, too. */
  file(cell: number, number: number, signal?: AbortSignal): Promise<LoadedVectors> {
    return this.vectors.get(number, async (stop) => {
      const group = await this.group(this.groupOf(cell), stop);
      const { dim, cells: { drawn = false } } = this.entry;
      const { fileStarts, sizes } = this.sizes;
      const [i, files, size] = [number - fileStarts[cell]!, fileStarts[cell + 1]! - fileStarts[cell]!, sizes[cell]!];
      const [first, end] = [Math.floor((i * size) / files), Math.floor(((i + 1) * size) / files)];
      const [from] = this.span(cell, group);
      return await this.read(this.lists.vectors, number, stop, (content) => ({
        ...readCellVectors(content, cell, first, end - first, dim, drawn),
        first, bytes: content.length + dim + 6 * (end - first),
        // Copies: a view would keep the whole group in memory.
        rows: group.rows.slice(from + first, from + end), near: group.near?.slice(from + first, from + end) ?? null,
        centre: group.centres.slice((cell - group.first) * dim, (cell - group.first + 1) * dim),
      }));
    }, signal);
  }

  /** Load the nodes that name the vector files of some cells, which will be needed when their groups are here. */
  expect(cells: Iterable<number>): void {
    const { fileStarts } = this.sizes;
    for (const cell of cells) if (fileStarts[cell + 1]! > fileStarts[cell]!) this.lists.vectors.entry(fileStarts[cell]!).catch(() => undefined);
  }

  hasFile(number: number): boolean {
    return this.vectors.has(number);
  }

  /** The vector files in memory. */
  held(): Iterable<LoadedVectors> {
    return this.vectors.values();
  }

  /** The embedding of row i of a vector file, float64 [dim]. */
  embedding({ centre, near, scales, codes }: LoadedVectors, i: number): Float64Array {
    const { scheme, entry: { dim } } = this;
    const base = near ? scheme.coarseCentre(near[i]!) : scheme.centre(centre);
    const { rowScale } = scheme.index;
    return base.map((value, k) => value + (scales[i]! / SCALE_ONE) * rowScale[k]! * codes[i * dim + k]!);
  }

  /**
   * The cell of each of some rows that have an embedding.
   * @param lost takes failures: the rows have NO_CELL then. Without it they are thrown.
   */
  async cellsOf(rows: ArrayLike<number>, lost?: Lost): Promise<Uint16Array> {
    const { block } = this.entry.row_cells;
    const places = new Map<number, number[]>();
    for (let i = 0; i < rows.length; i++) {
      const number = Math.floor(rows[i]! / block);
      const some = places.get(number);
      if (some) some.push(i);
      else places.set(number, [i]);
    }
    const found = new Uint16Array(rows.length).fill(NO_CELL);
    await Promise.all(Array.from(places, async ([number, some]) => {
      try {
        const cells = await this.rowBlock(number);
        for (const i of some) {
          found[i] = cells[rows[i]! - number * block]!;
          if (found[i] === NO_CELL) throw new FormatError("A row with an embedding lies in no cell.");
        }
      } catch (error) {
        if (!lost) throw error;
        lost.add(error);
      }
    }));
    return found;
  }

  /** The codes of the sample of pictures or of texts, i8 [rows · dim]; none without one. */
  async sample(texts: boolean): Promise<Int8Array> {
    const sample = this.entry.sample[texts ? "texts" : "pictures"];
    if (!sample) return new Int8Array();
    return await this.samples.get(sample.file.path, () => this.decode(sample.file, (content) => readSample(content, sample.count, this.entry.dim)));
  }

  private rowBlock(number: number): Promise<Uint16Array> {
    const { count, row_cells: { block } } = this.entry;
    const first = number * block;
    return this.rowBlocks.get(String(number), () => this.read(this.lists.rows, number, undefined, (content) =>
      readRowCells(content, first, Math.min(block, count - first), this.sizes.sizes.length)));
  }

  private async read<T>(list: FileList, number: number, signal: AbortSignal | undefined, decode: (content: Uint8Array<ArrayBuffer>) => T): Promise<T> {
    return await this.decode(await list.entry(number), decode, signal);
  }

  private async decode<T>(entry: FileEntry, decode: (content: Uint8Array<ArrayBuffer>) => T, signal?: AbortSignal): Promise<T> {
    const content = await this.files.load(entry, "vectors", "coarse", (turn) => {
      signal?.throwIfAborted();
      return { ...turn, retries: RETRIES, ...signal ? { signal: AbortSignal.any([turn.signal, signal]) } : {} };
    });
    try {
      return decode(content);
    } catch (error) {
      throw error instanceof FormatError ? new FormatError(`${entry.path}: ${error.message}`, { cause: error }) : error;
    }
  }
}
