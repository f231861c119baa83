/** The objects of a site whose pages are several rows. Loaded with the first question about them. */
import type { FileList, Manifest, ObjectsEntry } from "../../format/index";
import { ALONE, checkObjects, readPages, type Pages } from "../../format/objects";
import { FormatError } from "../../format/errors";
import type { SiteFiles } from "../files";
import { Shared } from "../lru";

export class SiteObjects {
  private readonly list: FileList;
  private readonly kept = new Shared<Pages>();

  /** Throws FormatError. @param rows of the published collection */
  constructor(private readonly entry: ObjectsEntry, private readonly rows: number, private readonly files: SiteFiles) {
    checkObjects(entry, rows);
    this.list = files.list(entry.files, "rows");
  }

  /** All pages of the object of a row, in their order: the row itself if it is alone. Rejects with FormatError. */
  async pagesOf(row: number): Promise<number[]> {
    if (row >= this.rows) return [row];
    const { block } = this.entry;
    const own = Math.floor(row / block);
    const { first, pages } = await this.block(own);
    const object = first[row - own * block]!;
    if (object === ALONE) return [row];
    const found = new Map<number, number>();
    const wanted = pages[row - own * block]!;
    // The pages of an object usually lie together, so the nearest blocks are read first.
    for (let distance = 0; found.size < wanted && distance < this.list.count; distance++) {
      for (const number of new Set([own - distance, own + distance])) {
        if (number < 0 || number >= this.list.count) continue;
        const other = await this.block(number);
        other.first.forEach((one, i) => {
          if (one !== object) return;
          if (found.has(other.place[i]!) || other.pages[i] !== wanted) throw new FormatError("An object has a page twice.");
          found.set(other.place[i]!, number * block + i);
        });
      }
    }
    if (found.size !== wanted) throw new FormatError("An object does not have all of its pages.");
    return Array.from({ length: wanted }, (_, place) => found.get(place)!);
  }

  private block(number: number): Promise<Pages> {
    return this.kept.get(String(number), async () => {
      const first = number * this.entry.block;
      const content = await this.files.loadListed(this.list, number, "rows");
      return readPages(content, first, Math.min(this.entry.block, this.rows - first), this.rows);
    });
  }
}

/** Null if no object of the site has several pages. Throws FormatError if its entry is not valid. */
export function openObjects({ objects, collection }: Manifest, files: SiteFiles): SiteObjects | null {
  return objects ? new SiteObjects(objects, collection.count, files) : null;
}
