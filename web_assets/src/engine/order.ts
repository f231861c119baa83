/** The default order of a collection, read block by block as far as it is needed. */
import type { FileList } from "../format/lists";
import type { Manifest } from "../format/manifest";
import { readOrder, wholeOrder } from "../format/order";
import type { SiteFiles } from "./files";
import { Shared } from "./lru";
import { has, rowsOf, type Mask } from "./mask";

export class DefaultOrder {
  private readonly blocks = new Shared<Uint32Array>();
  private readonly single = new Shared<Uint32Array>();
  private readonly list: FileList | null;

  /** @param spec null if the order is that of the rows */
  constructor(private readonly spec: Manifest["order"], readonly count: number, private readonly files: SiteFiles) {
    this.list = spec && files.list(spec.files, "rows");
  }

  /** The rows at the positions `from … to − 1`. */
  async rows(from: number, to: number): Promise<Uint32Array> {
    const { spec } = this;
    const result = new Uint32Array(to - from);
    if (!spec) {
      for (let i = 0; i < result.length; i++) result[i] = from + i;
      return result;
    }
    const first = Math.floor(from / spec.block);
    const blocks = await Promise.all(Array.from({ length: to > from ? Math.ceil(to / spec.block) - first : 0 }, (_, i) => this.block(first + i)));
    blocks.forEach((block, i) => {
      const start = (first + i) * spec.block;
      const part = block.subarray(Math.max(0, from - start), to - start);
      result.set(part, Math.max(0, start - from));
    });
    return result;
  }

  /** The rows of a mask in default order; bits beyond the last row are left out. */
  async within(mask: Mask): Promise<Uint32Array> {
    if (this.spec) return (await this.all()).filter((row) => has(mask, row));
    const rows = rowsOf(mask);
    const end = rows.findIndex((row) => row >= this.count);
    return end < 0 ? rows : rows.subarray(0, end);
  }

  /** The position of every row, u32 [rows]; null if each row is at its own. */
  async positions(): Promise<Uint32Array | null> {
    if (!this.spec) return null;
    return await this.single.get("positions", async () => {
      const positions = new Uint32Array(this.count);
      (await this.all()).forEach((row, position) => { positions[row] = position; });
      return positions;
    });
  }

  /** All rows in default order. */
  private all(): Promise<Uint32Array> {
    return this.single.get("all", async () => {
      const blocks = Array.from({ length: this.list!.count }, (_, i) => this.block(i));
      return wholeOrder(await Promise.all(blocks), this.count);
    });
  }

  private block(number: number): Promise<Uint32Array> {
    const { block } = this.spec!;
    return this.blocks.get(String(number), async () => {
      const first = number * block;
      return readOrder(await this.files.loadListed(this.list!, number, "rows"), first, Math.min(block, this.count - first), this.count);
    });
  }
}
