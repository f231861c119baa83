/** The rows of one published site: what the grid needs for each, and their ids. */
import { FormatError } from "../format/errors";
import { hex } from "../format/hex";
import { idIn, isId, readIds, rowIn, shardOf, type IdShard } from "../format/ids";
import type { FileList } from "../format/lists";
import type { Manifest } from "../format/manifest";
import { DRAWN_BYTES, idAt, placeholderAt, readRows, type RowsBlock } from "../format/rows";
import type { SiteFiles } from "./files";
import { Shared } from "./lru";
import type { Drawn, DrawnRow } from "./nearest";
import type { RowInfo } from "./types";

/** How many decoded files are kept. */
const [ROW_BLOCKS, ID_SHARDS] = [1024, 64];

export class SiteRows {
  private readonly rowFiles: FileList;
  private readonly idFiles: FileList;
  private readonly blocks = new Shared<RowsBlock>(ROW_BLOCKS);
  private readonly shards = new Shared<IdShard>(ID_SHARDS);

  constructor(private readonly manifest: Manifest, private readonly files: SiteFiles) {
    this.rowFiles = files.list(manifest.rows.files, "rows");
    this.idFiles = files.list(manifest.ids.files, "rows");
  }

  get count(): number {
    return this.manifest.collection.count;
  }

  /** The row of an image id; null if the collection does not have it. */
  async rowOf(id: string): Promise<number | null> {
    return isId(id) ? rowIn(await this.shard(shardOf(id, this.manifest.ids.digits)), id) : null;
  }

  /** At most `most` image ids, the same ones from build to build as long as those images stay. */
  async sampleIds(most: number): Promise<string[]> {
    const shard = await this.shard(0);
    return Array.from({ length: Math.min(most, shard.count) }, (_, place) => idIn(shard, place));
  }

  /** All image ids in row order, 8 bytes each. */
  async ids(): Promise<Uint8Array> {
    const { digits } = this.manifest.ids;
    const ids = new Uint8Array(8 * this.count);
    let found = 0;
    await this.files.during("rows", async () => {
      await this.files.loadAll(await this.idFiles.entries(), "rows", (content, number) => {
        const shard = readIds(content, number, digits, this.count);
        shard.rows.forEach((row, place) => { ids.set(shard.ids.subarray(8 * place, 8 * place + 8), 8 * row); });
        found += shard.count;
      });
    });
    if (found !== this.count) throw new FormatError(`The collection has ${this.count} images, but ${found} ids.`);
    return ids;
  }

  /**
   * What the grid needs for each of `rows`.
   * @param drawn gives rows that need no block
   * @param more whether it may load files
   */
  async infos(rows: readonly number[], drawn: Drawn | null = null, more = false): Promise<RowInfo[]> {
    const { extension } = this.manifest.thumbnails;
    const folder = new URL("thumbs/", this.files.base).href;
    const found = await Promise.all((await this.beside(rows, drawn, more)).map(async (beside, i) => {
      if (beside) return beside;
      const file = await this.block(rows[i]!);
      return { file, at: rows[i]! - file.first };
    }));
    return rows.map((row, i): RowInfo => {
      const { file: block, at } = found[i]!;
      const name = hex(block.pack.subarray(8 * at, 8 * at + 8));
      const length = block.length[at]!;
      return {
        row,
        id: idAt(block, at),
        width: block.width[at]!,
        height: block.height[at]!,
        thumbnail: length ? { url: `${folder}${name}.${extension}`, offset: block.offset[at]!, length } : null,
        placeholder: placeholderAt(block, at),
      };
    });
  }

  /** Each of the rows that needs no block. */
  private async beside(rows: readonly number[], drawn: Drawn | null, more: boolean): Promise<(DrawnRow | undefined)[]> {
    const held = drawn?.held(rows);
    if (!drawn || !more) return rows.map((row) => held?.get(row));
    const { block } = this.manifest.rows;
    const blockOf = (row: number): number => Math.floor(row / block);
    const left = rows.filter((row) => !held!.has(row) && !this.blocks.has(String(blockOf(row))));
    const further = await drawn.more(left, blockOf, block * DRAWN_BYTES);
    return rows.map((row) => held!.get(row) ?? further.get(row));
  }

  /** The block that contains `row`. */
  private block(row: number): Promise<RowsBlock> {
    const { block } = this.manifest.rows;
    const number = Math.floor(row / block);
    return this.blocks.get(String(number), async () => {
      const first = number * block;
      return readRows(await this.files.loadListed(this.rowFiles, number, "rows"), first, Math.min(block, this.count - first));
    });
  }

  private shard(number: number): Promise<IdShard> {
    return this.shards.get(String(number), async () =>
      readIds(await this.files.loadListed(this.idFiles, number, "rows"), number, this.manifest.ids.digits, this.count));
  }
}
