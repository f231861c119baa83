/** The columns of a collection: blocks that are loaded when they are needed, and the values of large columns. */
import { joinColumns, readColumn, type Column, type ColumnEntry, type FieldType } from "../format/index";
import type { ColumnSource, ColumnValues, Span } from "./column-source";
import type { SiteFiles } from "./files";
import { Shared } from "./lru";
import { SiteValues } from "./values";

/** A column of the published files. */
export class SiteColumn implements ColumnSource {
  readonly blocks: readonly Span[];
  readonly values: ColumnValues | null;
  private readonly kept = new Shared<Column>();

  constructor(private readonly entry: ColumnEntry, private readonly type: FieldType, readonly count: number, private readonly files: SiteFiles) {
    const { block, zones, values } = entry;
    this.blocks = entry.files.map((_, i) => ({ first: i * block, count: Math.min(block, count - i * block), zone: zones ? zones[i] : undefined }));
    this.values = values && new SiteValues(values, count, files);
  }

  get known(): number {
    return this.entry.known;
  }

  get bytes(): number {
    const { values, files } = this.entry;
    return values ? values.head.bytes : files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  block(place: number): Promise<Column> {
    return this.kept.get(String(place), async () => {
      const { first, count } = this.blocks[place]!;
      return readColumn(await this.files.load(this.entry.files[place]!, "column"), this.type, count, first);
    });
  }

  /** Joined blocks are kept as one. */
  whole(): Promise<Column> {
    if (this.blocks.length === 1) return this.block(0);
    return this.kept.get("whole", async () => {
      const parts: Column[] = [];
      await this.files.loadAll(this.entry.files, "column", (content, place) => {
        const { first, count } = this.blocks[place]!;
        parts[place] = readColumn(content, this.type, count, first);
      });
      return joinColumns(parts);
    });
  }
}

/** The least and the greatest value, of dates the first and the last second; null if no row has one. */
export function rangeOf({ blocks }: ColumnSource): { min: number; max: number } | null {
  let [min, max] = [Infinity, -Infinity];
  for (const { zone } of blocks) {
    if (!zone) continue;
    min = Math.min(min, zone[0]);
    max = Math.max(max, zone[1]);
  }
  return min <= max ? { min, max } : null;
}
