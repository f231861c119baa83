/** Full text of a published site: only the files that a query needs are loaded (docs/FORMAT.md 2.8). */
import { FileList, FormatError, LoadError, readVarints, type FileEntry, type Load, type CatalogEntry } from "../format/index";
import { decodeList, decodePlaces, type List } from "./postings-coding";
import {
  placeOf, readFirstTerms, readHead, readLengths, readPiece, readPlaces, readTermFile, type Pieces, type Records, type TermFile,
} from "./term-file";
import { common } from "./places";
import type { Occurrences, Sized, Terms } from "./terms";

/** Loads several files at a time and gives their contents in order. */
export type LoadAll = (entries: readonly FileEntry[]) => Promise<Uint8Array[]>;

interface Found {
  number: number;
  file: TermFile;
  place: number;
}

const NOTHING: List = { rows: new Uint32Array(), times: new Uint32Array() };
/** How many rows of lists are kept, and how many files of each kind. */
const KEPT_ROWS = 2_000_000;
const KEPT_FILES = 256;
/** A length takes a byte, which compresses a little. */
const BYTES_PER_LENGTH = 0.75;

export class SiteTerms implements Terms {
  readonly count: number;
  readonly tokens: number;
  /** Whether the tokens of rows lie beside the terms, and long lists have heads. */
  readonly ranked: boolean;
  private readonly termFiles: FileList;
  private readonly placeFiles: FileList;
  private readonly lengthFiles: FileList;
  private readonly files = new Map<string, Promise<unknown>>();
  private readonly lists = new Map<string, Promise<List>>();
  private rowsKept = 0;
  /** The tokens of each row, 0 if they are not known. */
  private lengthsRead: Uint32Array | null = null;

  constructor(private readonly entry: CatalogEntry, private readonly load: Load, private readonly loadAll: LoadAll) {
    this.count = entry.count;
    this.tokens = entry.tokens;
    this.ranked = entry.ranked;
    this.termFiles = new FileList(entry.terms.files, load);
    this.placeFiles = new FileList(entry.places.files, load);
    this.lengthFiles = new FileList(entry.lengths.files, load);
  }

  /** Load what every query needs. */
  async prepare(): Promise<void> {
    await Promise.all([this.fileOf(""), this.termFiles.entry(0), this.ranked ? null : this.lengthFiles.entry(0)]);
  }

  async rows(term: string): Promise<Uint32Array> {
    return (await this.list(term)).rows;
  }

  async times(term: string): Promise<Uint32Array> {
    return (await this.list(term)).times;
  }

  async having(term: string): Promise<number> {
    const found = await this.find(term);
    return found ? found.file.having[found.place]! : 0;
  }

  async withPrefix(prefix: string): Promise<string[]> {
    const found: string[] = [];
    for (let number = await this.fileOf(prefix); number < this.termFiles.count; number++) {
      const { terms } = await this.open(number);
      let at = placeOf(terms, prefix);
      while (terms[at]?.startsWith(prefix)) found.push(terms[at++]!);
      if (at < terms.length) break;
    }
    return found;
  }

  async lengths(rows: Uint32Array, among: readonly string[] = []): Promise<Uint32Array> {
    const known = this.lengthsRead ??= new Uint32Array(this.count);
    if (this.ranked) await this.readBeside(rows.filter((row) => !known[row]).sort(), among);
    const { block } = this.entry.lengths;
    const numbers = new Set<number>();
    for (const row of rows) if (!known[row]) numbers.add(Math.floor(row / block));
    await Promise.all([...numbers].map(async (number) => {
      known.set(await this.kept(`lengths ${number}`, async () => {
        const bytes = await this.load(await this.lengthFiles.entry(number));
        return readLengths(bytes, number * block, Math.min(block, this.count - number * block));
      }), number * block);
    }));
    return this.knownLengths(rows);
  }

  knownLengths(rows: Uint32Array): Uint32Array {
    const known = this.lengthsRead;
    return rows.map((row) => known?.[row] ?? 0);
  }

  async occurrences(term: string, within: Uint32Array | null): Promise<Occurrences> {
    const found = await this.find(term);
    if (!found) return occurrences(NOTHING, [], this.entry.columns.length);
    const list = await this.list(term);
    const pieces = found.file.long.get(found.place);
    if (!pieces) {
      const places = await this.kept(`places ${found.number}`, async () => (
        readPlaces(await this.load(await this.placeFiles.entry(found.number)), found.file.terms.length)
      ));
      return occurrences(list, [{ times: list.times, bytes: places(found.place) }], this.entry.columns.length);
    }
    return await this.longPlaces(pieces, list, within);
  }

  async best(term: string): Promise<Sized | null> {
    const found = this.ranked ? await this.find(term) : null;
    if (!found) return null;
    const head = found.file.long.get(found.place)?.head;
    // All of a list can be ranked without its best rows.
    const best = head ? await orNull(this.kept(`best ${term}`, async () => readBest(await this.load(head), this.count))) : await this.short(found, term);
    best?.rows.forEach((row, i) => { (this.lengthsRead ??= new Uint32Array(this.count))[row] = best.sizes[i]!; });
    return best;
  }

  /** A list that is not a long one, with the tokens that lie beside it. */
  private async short({ file, place }: Found, term: string): Promise<Sized> {
    const list = await this.list(term);
    return { ...list, sizes: readVarints(file.sizes!(place), list.rows.length) };
  }

  /** Reads the tokens of rows from the lists that have them, if that needs fewer bytes than reading whole files of lengths. */
  private async readBeside(rows: Uint32Array, among: readonly string[]): Promise<void> {
    const known = this.lengthsRead!;
    const lists = await Promise.all([...new Set(among)].map(async (term) => ({ term, found: await this.find(term), list: await this.list(term) })));
    let left = rows;
    const pieces: { entry: FileEntry; rows: Uint32Array }[] = [];
    for (const { term, found, list } of lists.sort((a, b) => a.list.rows.length - b.list.rows.length)) {
      const mine = found ? common(left, list.rows) : left.subarray(0, 0);
      if (!mine.length) continue;
      const long = found!.file.long.get(found!.place);
      if (long) {
        const some = piecesOf(long, mine, list.rows);
        if (bytesOf(some) > this.bytesOfLengths(mine)) continue;
        pieces.push(...some);
      } else await this.best(term);
      const taken = new Set(mine);
      left = left.filter((row) => !taken.has(row));
    }
    // The files of lengths have the same numbers, so a piece that cannot be read costs bytes, not results.
    const contents = await orNull(this.loadAll(pieces.map(({ entry }) => entry)));
    if (contents) pieces.forEach((piece, i) => {
      const sizes = readVarints(readPiece(contents[i]!, "term-sizes"), piece.rows.length);
      piece.rows.forEach((row, at) => { known[row] = sizes[at]!; });
    });
  }

  /** About how many bytes the files of lengths have that these rows need. */
  private bytesOfLengths(rows: Uint32Array): number {
    const { block } = this.entry.lengths;
    return new Set(Array.from(rows, (row) => Math.floor(row / block))).size * block * BYTES_PER_LENGTH;
  }

  private async longPlaces(pieces: Pieces, list: List, within: Uint32Array | null): Promise<Occurrences> {
    const span = 2 ** pieces.placeBits;
    const wanted = within && new Set(Array.from(within, (row) => Math.floor(row / span)));
    const parts: { from: number; to: number; entry: FileEntry }[] = [];
    for (let from = 0; from < list.rows.length;) {
      const number = Math.floor(list.rows[from]! / span);
      const to = from + placeIn(list.rows.subarray(from), (number + 1) * span);
      const entry = pieces.places[number];
      if (!wanted || wanted.has(number)) {
        if (!entry) throw new FormatError("A piece of a long list of full text is missing.");
        parts.push({ from, to, entry });
      }
      from = to;
    }
    const contents = await this.loadAll(parts.map(({ entry }) => entry));
    const some = {
      rows: joinedNumbers(parts.map(({ from, to }) => list.rows.subarray(from, to))),
      times: joinedNumbers(parts.map(({ from, to }) => list.times.subarray(from, to))),
    };
    const stored = parts.map(({ from, to }, i) => ({ times: list.times.subarray(from, to), bytes: readPiece(contents[i]!, "term-places") }));
    return occurrences(some, stored, this.entry.columns.length);
  }

  private async list(term: string): Promise<List> {
    const kept = this.lists.get(term);
    if (kept) {
      this.lists.delete(term);
      this.lists.set(term, kept);
      return await kept;
    }
    const list = this.readList(term);
    this.lists.set(term, list);
    list.then(({ rows }) => {
      this.rowsKept += rows.length;
      for (const [oldest, some] of this.lists) {
        if (this.rowsKept <= KEPT_ROWS || oldest === term) break;
        this.lists.delete(oldest);
        void some.then((dropped) => { this.rowsKept -= dropped.rows.length; });
      }
    }, () => { this.lists.delete(term); });
    return await list;
  }

  private async readList(term: string): Promise<List> {
    const found = await this.find(term);
    if (!found) return NOTHING;
    const having = found.file.having[found.place]!;
    const pieces = found.file.long.get(found.place);
    if (!pieces) return decodeList(found.file.list(found.place), this.count, having);
    const parts = pieces.rows.flatMap((entry, number) => (entry ? [{ entry, first: number * 2 ** pieces.rowBits }] : []));
    const contents = await this.loadAll(parts.map(({ entry }) => entry));
    const lists = contents.map((bytes, i) => {
      const { first } = parts[i]!;
      const list = decodeList(readPiece(bytes, "term-rows"), Math.min(2 ** pieces.rowBits, this.count - first), null);
      return first ? { rows: list.rows.map((row) => row + first), times: list.times } : list;
    });
    const rows = joinedNumbers(lists.map((list) => list.rows));
    if (rows.length !== having) throw new FormatError("A long list of full text has other rows than were announced.");
    return { rows, times: joinedNumbers(lists.map((list) => list.times)) };
  }

  private async find(term: string): Promise<Found | null> {
    const number = await this.fileOf(term);
    const file = await this.open(number);
    const place = placeOf(file.terms, term);
    return file.terms[place] === term ? { number, file, place } : null;
  }

  private async fileOf(term: string): Promise<number> {
    const { first, files } = this.entry.terms;
    const terms = await this.kept("first", async () => readFirstTerms(await this.load(first), files.count));
    // The last file that begins with the term or before it.
    const place = placeOf(terms, term);
    return terms[place] === term ? place : place - 1;
  }

  private open(number: number): Promise<TermFile> {
    return this.kept(`terms ${number}`, async () => readTermFile(await this.load(await this.termFiles.entry(number)), this.count, this.ranked));
  }

  /** What was read from a file; the least recently used is dropped, and so is a failure. */
  private async kept<T extends TermFile | Records | Sized | Uint32Array | string[]>(key: string, read: () => Promise<T>): Promise<T> {
    const content = (this.files.get(key) as Promise<T> | undefined) ?? read();
    this.files.delete(key);
    this.files.set(key, content);
    content.catch(() => { if (this.files.get(key) === content) this.files.delete(key); });
    if (this.files.size > KEPT_FILES) this.files.delete(this.files.keys().next().value!);
    return await content;
  }
}

/** What is loaded; null if it is damaged or cannot be loaded. */
async function orNull<T>(loading: Promise<T>): Promise<T | null> {
  try {
    return await loading;
  } catch (error) {
    if (error instanceof LoadError || error instanceof FormatError) return null;
    throw error;
  }
}

/** The best rows of a long list. */
function readBest(bytes: Uint8Array, count: number): Sized {
  const { list, sizes } = readHead(bytes);
  const best = decodeList(list, count, null);
  return { ...best, sizes: readVarints(sizes, best.rows.length) };
}

/** The pieces with the tokens of some rows of a long list, and the rows of the list that each piece has. */
function piecesOf({ rowBits, sizes }: Pieces, some: Uint32Array, rows: Uint32Array): { entry: FileEntry; rows: Uint32Array }[] {
  const span = 2 ** rowBits;
  return [...new Set(Array.from(some, (row) => Math.floor(row / span)))].map((number) => {
    const entry = sizes[number];
    if (!entry) throw new FormatError("A piece of a long list of full text is missing.");
    return { entry, rows: rows.subarray(placeIn(rows, number * span), placeIn(rows, (number + 1) * span)) };
  });
}

function bytesOf(pieces: readonly { entry: FileEntry }[]): number {
  return pieces.reduce((sum, { entry }) => sum + entry.bytes, 0);
}

/** The places of consecutive parts of a list. */
function occurrences({ rows, times }: List, parts: readonly { times: Uint32Array; bytes: Uint8Array }[], several: number): Occurrences {
  const starts = new Uint32Array(rows.length + 1);
  times.forEach((some, i) => { starts[i + 1] = starts[i]! + some; });
  const total = times.reduce((sum, some) => sum + some, 0);
  // Each place has a byte, so damaged times allocate nothing large.
  if (total > parts.reduce((sum, { bytes }) => sum + bytes.length, 0)) throw new FormatError("A list of places has other places than there are.");
  const positions = new Uint32Array(total);
  const columns = several > 1 ? new Uint8Array(total) : null;
  let at = 0;
  for (const part of parts) {
    decodePlaces(part.bytes, part.times, several, positions, columns, at);
    at += part.times.reduce((sum, some) => sum + some, 0);
  }
  return { rows, starts, columns, positions };
}

/** How many of the rising numbers are below `limit`. */
function placeIn(numbers: Uint32Array, limit: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function joinedNumbers(parts: readonly Uint32Array[]): Uint32Array {
  if (parts.length === 1) return parts[0]!;
  const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
