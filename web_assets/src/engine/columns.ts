/** The columns of a collection: blocks that are loaded when they are needed, and the values of large columns. */
import { own } from "../base/own";
import type { ColumnEntry } from "../format/column-index";
import { joinColumns, readColumn, type Column } from "../format/columns";
import type { FieldDefinition, ImageDocument } from "../format/manifest";
import { columnOf } from "./column-of";
import type { ColumnSource, ColumnValues, Span } from "./column-source";
import type { SiteFiles } from "./files";
import { Shared } from "./lru";

/** The documents of the published rows, which lie in blocks. */
export interface Documents {
  block: number;
  read: (row: number) => Promise<ImageDocument>;
}

/** The most blocks of documents that are read instead of a column, and about how many bytes one has. */
const [MOST_DOCUMENT_BLOCKS, DOCUMENT_BLOCK_BYTES] = [256, 24_000];

/** A column of the published files. */
export class SiteColumn implements ColumnSource {
  readonly blocks: readonly Span[];
  private readonly kept = new Shared<Column>();

  constructor(
    private readonly entry: ColumnEntry, private readonly field: FieldDefinition, readonly count: number, private readonly files: SiteFiles,
    private readonly documents: Documents, readonly values: ColumnValues | null = null,
  ) {
    const { block, zones } = entry;
    this.blocks = entry.files.map((_, i) => ({ first: i * block, count: Math.min(block, count - i * block), zone: zones ? zones[i] : undefined }));
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
      return readColumn(await this.files.load(this.entry.files[place]!, "column"), this.field.type, count, first);
    });
  }

  pick(rows: Uint32Array): Promise<Column> | null {
    const { block, files } = this.entry;
    const documents = new Set(Array.from(rows, (row) => Math.floor(row / this.documents.block))).size;
    const missing = [...new Set(Array.from(rows, (row) => Math.floor(row / block)))].filter((place) => !this.kept.has(String(place)));
    const bytes = missing.reduce((sum, place) => sum + files[place]!.bytes, 0);
    if (documents > MOST_DOCUMENT_BLOCKS || documents * DOCUMENT_BLOCK_BYTES >= bytes) return null;
    const { name } = this.field;
    return Promise.all(Array.from(rows, (row) => this.documents.read(row)))
      .then((found) => columnOf(this.field, found.map(({ fields }) => own(fields, name))));
  }

  /** Joined blocks are kept as one. */
  whole(): Promise<Column> {
    if (this.blocks.length === 1) return this.block(0);
    return this.kept.get("whole", async () => {
      const parts: Column[] = [];
      await this.files.loadAll(this.entry.files, "column", (content, place) => {
        const { first, count } = this.blocks[place]!;
        parts[place] = readColumn(content, this.field.type, count, first);
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
