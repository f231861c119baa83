/** The objects of a site whose pages are several rows. Loaded with the first search on a site that has some. */
import type { FileList, Manifest, ObjectsEntry } from "../../format/index";
import { ALONE, checkObjects, readPages, type Pages } from "../../format/objects";
import { FormatError } from "../../format/errors";
import { eachOf, type SiteFiles } from "../files";
import { Shared } from "../lru";
import type { Result } from "../types";
import { foldRanking, foldWhole, type Asked, type Foldable, type Known } from "./fold";

/** A row without other pages, or one that is not published. */
const SINGLE = { first: ALONE, place: 0, pages: 1 };

export class SiteObjects {
  private readonly list: FileList;
  private readonly loading = new Shared<Pages>();
  /** The blocks that have been loaded. */
  private readonly blocks = new Map<number, Pages>();

  /** Throws FormatError. @param rows of the published collection */
  constructor(private readonly entry: ObjectsEntry, private readonly rows: number, private readonly files: SiteFiles) {
    checkObjects(entry, rows);
    this.list = files.list(entry.files, "rows");
  }

  /** All pages of the object of a row, in their order: the row itself if it is alone. Rejects with FormatError. */
  async pagesOf(row: number): Promise<number[]> {
    await this.load([row]);
    const { first: object, pages: wanted } = this.of(row);
    if (object === ALONE) return [row];
    const own = Math.floor(row / this.entry.block);
    const found = new Map<number, number>();
    // The pages of an object usually lie together, so the nearest blocks are read first.
    for (let distance = 0; found.size < wanted && distance < this.list.count; distance++) {
      for (const number of new Set([own - distance, own + distance])) {
        if (number < 0 || number >= this.list.count) continue;
        const other = await this.block(number);
        other.first.forEach((one, i) => {
          if (one !== object) return;
          if (found.has(other.place[i]!) || other.pages[i] !== wanted) throw new FormatError("An object has a page twice.");
          found.set(other.place[i]!, number * this.entry.block + i);
        });
      }
    }
    if (found.size !== wanted) throw new FormatError("An object does not have all of its pages.");
    return Array.from({ length: wanted }, (_, place) => found.get(place)!);
  }

  /** The ranking with one page of each object. @param count rows, with those that are not published */
  async fold(ranking: Foldable, plan: Asked, count: number): Promise<Foldable> {
    const load = async (rows: ArrayLike<number>): Promise<Known> => {
      await this.load(rows);
      return {
        key: (row) => { const { first } = this.of(row); return first === ALONE ? row : first; },
        place: (row) => this.of(row).place,
      };
    };
    const whole = !ranking.ranked && ranking.length === count;
    return whole ? foldWhole(ranking, count - this.entry.rows + this.entry.count, load) : await foldRanking(ranking, plan, load);
  }

  /** Say of each result which page of its object it is. */
  async mark(results: readonly Result[]): Promise<void> {
    await this.load(results.map(({ row }) => row));
    for (const result of results) {
      const { place, pages } = this.of(result.row);
      if (pages > 1) result.page = { number: place + 1, of: pages };
    }
  }

  /** What is known of a row whose block has been loaded. */
  private of(row: number): typeof SINGLE {
    const block = this.blocks.get(Math.floor(row / this.entry.block));
    const at = row % this.entry.block;
    return row < this.rows && block ? { first: block.first[at]!, place: block.place[at]!, pages: block.pages[at]! } : SINGLE;
  }

  private async load(rows: ArrayLike<number>): Promise<void> {
    const missing = new Set<number>();
    for (let i = 0; i < rows.length; i++) {
      const number = Math.floor(rows[i]! / this.entry.block);
      if (rows[i]! < this.rows && !this.blocks.has(number)) missing.add(number);
    }
    await eachOf([...missing], async (number) => { await this.block(number); });
  }

  private block(number: number): Promise<Pages> {
    return this.loading.get(String(number), async () => {
      const first = number * this.entry.block;
      const content = await this.files.loadListed(this.list, number, "rows");
      const block = readPages(content, first, Math.min(this.entry.block, this.rows - first), this.rows);
      this.blocks.set(number, block);
      return block;
    });
  }
}

/** Null if no object of the site has several pages. Throws FormatError if its entry is not valid. */
export function openObjects({ objects, collection }: Manifest, files: SiteFiles): SiteObjects | null {
  return objects ? new SiteObjects(objects, collection.count, files) : null;
}
