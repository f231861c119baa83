/** Columns of published rows and additions together: the published rows come first. */
import type { ColumnSource, ColumnValues, Span } from "../engine/column-source";
import { emptyMask } from "../engine/mask";
import { comparable } from "../engine/query/index";
import { byFrequency } from "../engine/values";
import { joinColumns, lengthAt, numberAt, type Column, type ValueCount, type Zone } from "../format/index";

/** A published column with one more block: that of the additions. */
export class OverlaidColumn implements ColumnSource {
  readonly blocks: readonly Span[];
  readonly count: number;
  readonly known: number;
  readonly values: ColumnValues | null;
  private joined: Promise<Column> | null = null;

  constructor(private readonly site: ColumnSource, private readonly added: Column) {
    this.count = site.count + added.count;
    this.known = site.known + knownRows(added);
    this.blocks = [...site.blocks, { first: site.count, count: added.count, zone: zoneOf(added) }];
    this.values = site.values && added.kind !== "number" ? new OverlaidValues(site.values, added, site.count) : null;
  }

  get bytes(): number {
    return this.site.bytes;
  }

  async block(place: number): Promise<Column> {
    return place < this.site.blocks.length ? await this.site.block(place) : this.added;
  }

  pick(rows: Uint32Array): Promise<Column> | null {
    return rows.every((row) => row < this.site.count) ? this.site.pick(rows) : null;
  }

  whole(): Promise<Column> {
    this.joined ??= this.site.whole().then((column) => joinColumns([column, this.added]));
    this.joined.catch(() => { this.joined = null; });
    return this.joined;
  }
}

type Texts = Exclude<Column, { kind: "number" }>;

class OverlaidValues implements ColumnValues {
  /** The rows of the additions that have each value. */
  private readonly rowsOf = new Map<string, number[]>();

  constructor(private readonly site: ColumnValues, private readonly added: Texts, private readonly first: number) {
    for (let row = 0; row < added.count; row++) {
      for (const value of valuesAt(added, row)) this.rowsOf.set(value, [...this.rowsOf.get(value) ?? [], row]);
    }
  }

  /** An upper bound: a value that additions share with published rows counts twice. */
  get count(): number {
    return this.site.count + this.rowsOf.size;
  }

  async top(limit: number): Promise<readonly ValueCount[]> {
    return this.rowsOf.size ? byFrequency(await this.all()) : await this.site.top(limit);
  }

  async starting(key: string): Promise<readonly ValueCount[]> {
    const own = Array.from(this.rowsOf, ([value, { length }]) => ({ value, count: length }));
    return [...await this.site.starting(key), ...own.filter(({ value }) => comparable(value).startsWith(key))];
  }

  async all(): Promise<readonly ValueCount[]> {
    const counts = new Map((await this.site.all()).map(({ value, count }) => [value, count]));
    for (const [value, rows] of this.rowsOf) counts.set(value, (counts.get(value) ?? 0) + rows.length);
    return Array.from(counts, ([value, count]) => ({ value, count }));
  }

  async countOf(value: string): Promise<number> {
    return await this.site.countOf(value) + (this.rowsOf.get(value)?.length ?? 0);
  }

  async known(forms: readonly string[]): Promise<ReadonlySet<string>> {
    const own = new Set(Array.from(this.rowsOf.keys(), comparable));
    return new Set([...await this.site.known(forms), ...forms.filter((form) => own.has(form))]);
  }

  async rows(...asked: Parameters<ColumnValues["rows"]>): ReturnType<ColumnValues["rows"]> {
    const mask = emptyMask(this.first + this.added.count);
    mask.set(await this.site.rows(...asked));
    for (const [value, rows] of this.rowsOf) {
      if (asked[0](value)) for (const row of rows) mask[(this.first + row) >> 3]! |= 1 << ((this.first + row) & 7);
    }
    return mask;
  }
}

/** The different values of a row. */
function valuesAt(column: Texts, row: number): string[] {
  if (column.kind === "category") return column.codes[row] === column.missing ? [] : [column.values[column.codes[row]!]!];
  return Array.from(new Set(column.codes.subarray(column.offsets[row]!, column.offsets[row + 1]!)), (code) => column.values[code]!);
}

function knownRows(column: Column): number {
  let known = 0;
  for (let row = 0; row < column.count; row++) {
    if (column.kind === "number" ? !Number.isNaN(numberAt(column, row)) : valuesAt(column, row).length) known++;
  }
  return known;
}

function zoneOf(column: Column): Zone | undefined {
  if (column.kind !== "number") return undefined;
  let [min, max] = [Infinity, -Infinity];
  for (let row = 0; row < column.count; row++) {
    const value = numberAt(column, row);
    if (value < min) min = value;
    if (value >= -Infinity) max = Math.max(max, value + Math.max(lengthAt(column, row) - 1, 0));
  }
  return min <= max ? [min, max] : null;
}
