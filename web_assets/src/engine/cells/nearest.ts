/** Tier `cells`: a search reads the cells whose centres are most similar, and answers are not exact (docs/QUERY.md). */
import { NO_CELL } from "../../format/cells";
import type { CellsEntry } from "../../format/index";
import type { RowMask } from "../../kernel/index";
import type { SiteFiles } from "../files";
import { both, countMask, has, rowsOf, type Mask } from "../mask";
import type { Near, Nearest } from "../nearest";
import { Asked } from "./asked";
import { Beside } from "./beside";
import { best } from "./best";
import { Candidates, UNREAD } from "./candidates";
import { Lost } from "./lost";
import type { Scheme } from "./scheme";
import type { CellStore, LoadedGroup } from "./store";

/** With at most this many allowed rows, their cells are looked up. */
const FEW_ROWS = 2048;
/** How many of the first rows get their similarity by int8 codes. */
const REFINED = 52;
/** In how many of the first cells most of these rows are. */
const LIKELY_CELLS = 8;
/** A search that needs more cells reads at most this many times the number of the first ones. */
const MORE = 4;
/** How many of the first rows may be drawn next. */
const DRAWN = 1024;
/** How many rows `above` asks for. */
const REACHES = [1024, 2048, 4096];
/** Queries whose sums and similarities are remembered. */
const QUERIES = 6;

/** One search under way. */
interface Search {
  asked: Asked;
  found: Candidates;
  lost: Lost;
  mask: Mask | null;
  signal: AbortSignal | undefined;
  shown: boolean;
  /** Ends the step of progress that was begun for it. */
  end?: () => void;
}

export class CellNearest implements Nearest {
  readonly rough = false;
  private recent: Asked[] = [];
  readonly drawn: Beside | null;

  constructor(
    private readonly files: SiteFiles, private readonly entry: CellsEntry, private readonly scheme: Scheme, private readonly store: CellStore,
    readonly known: Mask | null, readonly texts: Mask | null,
  ) {
    this.drawn = entry.cells.drawn ? new Beside(store, entry) : null;
  }

  get count(): number {
    return this.entry.count;
  }

  get dim(): number {
    return this.entry.dim;
  }

  async search(query: ArrayLike<number>, k: number, mask?: RowMask | null, signal?: AbortSignal): Promise<Near> {
    const lost = new Lost();
    const near = await this.searched(query, k, mask, lost, signal, true);
    const { message } = lost;
    return { ...near, ...message ? { lost: message } : {} };
  }

  /**
   * @param lost takes the files that could not be loaded
   * @param shown whether the rows may be drawn next
   */
  private async searched(query: ArrayLike<number>, k: number, mask: RowMask | null | undefined, lost: Lost, signal?: AbortSignal, shown = false): Promise<Near> {
    signal?.throwIfAborted();
    const allowed = mask ? this.allowed(mask) : null;
    const search: Search = { asked: this.asked(query), found: new Candidates(), lost, mask: allowed, signal, shown };
    if (k < 1) return { rows: new Uint32Array(), similarities: new Float64Array(), exact: false };
    try {
      if (allowed && countMask(allowed) <= FEW_ROWS) await this.readFew(search, rowsOf(allowed));
      else await this.readMany(search, k);
      return await this.ranked(search, k);
    } finally {
      search.end?.();
    }
  }

  private async ranked(search: Search, k: number): Promise<Near> {
    const { asked, found, lost } = search;
    if (!found.size) lost.throwIfAny();
    const { rows, values, cells, places } = found;
    const first = best(values, k, (at) => rows[at]!);
    await this.refine(search, first.subarray(0, REFINED));
    first.sort((a, b) => values[b]! - values[a]! || rows[a]! - rows[b]!);
    asked.remember({ rows, values });
    if (this.drawn && search.shown) {
      for (const at of first.subarray(0, DRAWN)) if (places[at] !== UNREAD) this.drawn.note(rows[at]!, cells[at]!, places[at]!);
    }
    return { rows: first.map((at) => rows[at]!), similarities: Float64Array.from(first, (at) => values[at]!), exact: false };
  }

  async similarities(query: ArrayLike<number>, rows: ArrayLike<number>): Promise<Float64Array> {
    return this.asked(query).similarities(rows);
  }

  async embeddings(rows: ArrayLike<number>): Promise<Float32Array> {
    const { store, dim, known } = this;
    const result = new Float32Array(rows.length * dim);
    const wanted = Array.from(rows, (row, i) => ({ row, i })).filter(({ row }) => !known || has(known, row));
    const cells = await store.cellsOf(wanted.map(({ row }) => row));
    await Promise.all(wanted.map(async ({ row, i }, at) => {
      const cell = cells[at]!;
      const place = store.placeOf(row, cell, await store.group(store.groupOf(cell)));
      const file = await store.file(cell, store.fileOf(cell, place));
      result.set(store.embedding(file, place - file.first), i * dim);
    }));
    return result;
  }

  async held(rows: ArrayLike<number>): Promise<Float32Array> {
    const result = new Float32Array(rows.length * this.dim);
    const wanted = new Map(Array.from(rows, (row, i) => [row, i]));
    for (const file of this.store.held()) {
      file.rows.forEach((row, place) => {
        const i = wanted.get(row);
        if (i !== undefined) result.set(this.store.embedding(file, place), i * this.dim);
      });
    }
    return result;
  }

  /**
   * Those that searches for more and more rows find, in row order: an estimate.
   * @throws if a file could not be loaded: rows that should be left out would otherwise be shown, and nobody would know
   */
  async above(query: ArrayLike<number>, limit: number, mask?: RowMask | null): Promise<Uint32Array> {
    let found: Uint32Array = new Uint32Array();
    for (const k of REACHES) {
      const lost = new Lost();
      const { rows, similarities } = await this.searched(query, k, mask, lost);
      lost.throwIfAny();
      const end = similarities.findIndex((similarity) => similarity < limit);
      found = rows.slice(0, end < 0 ? rows.length : end);
      if (end >= 0 || rows.length < k) break;
    }
    return found.sort();
  }

  async background(query: ArrayLike<number>, texts: boolean): Promise<Float64Array> {
    return this.asked(query).quantized(await this.store.sample(texts));
  }

  /** What is known about a query that was asked for before. */
  private asked(query: ArrayLike<number>): Asked {
    const place = this.recent.findIndex((asked) => asked.query.length === query.length && asked.query.every((value, k) => value === query[k]));
    const found = this.recent[place] ?? new Asked(query, this.scheme);
    this.recent = [found, ...this.recent.filter((asked) => asked !== found)].slice(0, QUERIES);
    return found;
  }

  /** The rows of a mask that have an embedding. */
  private allowed(mask: RowMask): Mask {
    const { count, known } = this;
    const own = mask.slice(0, Math.ceil(count / 8));
    if (count % 8) own[own.length - 1]! &= (1 << (count % 8)) - 1;
    return both(known, own)!;
  }

  private async readMany(search: Search, k: number): Promise<void> {
    const { asked, found, mask } = search;
    const { least, most, count } = this.entry.cells;
    const n = asked.probes(k, least, most);
    const tail = this.store.sizes.tail ? [count] : [];
    const read = this.read(search, [...tail, ...asked.first(n)]);
    this.store.expect(asked.first(n).subarray(0, LIKELY_CELLS));
    await read;
    if (!mask) return;
    const limit = Math.min(MORE * n, count);
    for (let end = n; found.size < k && end < limit; end += n) {
      await this.read(search, [...asked.first(Math.min(end + n, limit)).subarray(end)]);
    }
  }

  private async readFew(search: Search, rows: Uint32Array): Promise<void> {
    const { asked, found, lost } = search;
    const { most, count } = this.entry.cells;
    const cells = await this.store.cellsOf(rows, lost);
    const wanted = Uint32Array.from(new Set(cells)).filter((cell) => cell !== NO_CELL);
    const read = asked.firstOf(wanted.filter((cell) => cell < count), MORE * most);
    const known = new Set([...wanted.includes(count) ? [count] : [], ...read]);
    await this.read(search, [...known]);
    cells.forEach((cell, i) => {
      if (cell !== NO_CELL && !known.has(cell)) found.add(rows[i]!, cell, UNREAD, asked.bases[cell]!, asked.bases[cell]!);
    });
  }

  /** Score the rows of cells, those of each group when it has arrived. */
  private async read(search: Search, cells: readonly number[]): Promise<void> {
    const groups = new Map<number, number[]>();
    for (const cell of cells) {
      if (!this.store.sizes.sizes[cell]) continue;
      const number = this.store.groupOf(cell);
      groups.set(number, [...groups.get(number) ?? [], cell]);
    }
    if (![...groups.keys()].every((number) => this.store.hasGroup(number))) this.showProgress(search);
    await Promise.all(Array.from(groups, async ([number, some]) => {
      const group = await this.store.group(number, search.signal).catch(search.lost.add);
      if (group) for (const cell of some) this.score(search, cell, group);
    }));
  }

  private score({ asked, found, mask }: Search, cell: number, group: LoadedGroup): void {
    const [from, to] = this.store.span(cell, group);
    const added = asked.coarse(group.codes, group.factors, from, to);
    const base = group.near ? 0 : asked.exactBase(group.centres, (cell - group.first) * this.dim);
    for (let i = 0; i < added.length; i++) {
      const row = group.rows[from + i]!;
      if (mask && !has(mask, row)) continue;
      const own = group.near ? asked.bases[group.near[from + i]!]! : base;
      found.add(row, cell, i, own, own + added[i]!);
    }
  }

  /** Give some of the found rows their similarity by int8 codes. */
  private async refine(search: Search, some: Uint32Array): Promise<void> {
    const { store, dim } = this;
    const { asked, found: { rows, cells, places, bases, values }, lost, signal } = search;
    if (!some.every((at) => places[at] !== UNREAD && store.hasFile(store.fileOf(cells[at]!, places[at]!)))) this.showProgress(search);
    await Promise.all(Array.from(some, async (at) => {
      const cell = cells[at]!;
      try {
        if (places[at] === UNREAD) {
          const group = await store.group(store.groupOf(cell), signal);
          places[at] = store.placeOf(rows[at]!, cell, group);
          bases[at] = asked.exactBase(group.centres, (cell - group.first) * dim);
        }
        const file = await store.file(cell, store.fileOf(cell, places[at]!), signal);
        values[at] = bases[at]! + asked.refined(file, places[at]! - file.first);
      } catch (error) {
        lost.add(error);
      }
    }));
  }

  /** Show all that a search loads as one step of progress. */
  private showProgress(search: Search): void {
    if (search.end) return;
    void this.files.during("vectors", () => new Promise<void>((resolve) => { search.end = resolve; }));
  }
}
