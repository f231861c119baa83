/** Objects with several pages (docs/FORMAT.md 2.19): which rows belong to one object, and in which order. */
import { headerCount, readContainer, section } from "./container";
import { FormatError } from "./errors";
import { checkLength } from "./lists";
import type { ObjectsEntry } from "./manifest";
import { count, fileList, type Json } from "./shape";

/** In the place of a first page: no other row belongs to the object. */
export const ALONE = 0xffffffff;

/** The pages of some rows. */
export interface Pages {
  /** The row of the object's first page; ALONE for a row that is the only page. */
  first: Uint32Array;
  /** The place of the page in its object, from 0. */
  place: Uint32Array;
  /** How many pages the object has. */
  pages: Uint32Array;
}

const MOST_PER_FILE = 65_536;

/** Throws FormatError. @param total rows of the collection */
export function checkObjects(entry: ObjectsEntry, total: number): void {
  const value = entry as unknown as Json;
  const rows = count(value, "rows", 2, total);
  count(value, "count", 1, Math.floor(rows / 2));
  checkLength(fileList(value, "objects"), total, count(value, "block", 1, MOST_PER_FILE), "objects.files");
}

/** The pages of a block's rows. Throws FormatError. @param total rows of the collection */
export function readPages(bytes: Uint8Array, first: number, rows: number, total: number): Pages {
  const container = readContainer(bytes, "objects");
  if (headerCount(container, "first") !== first || headerCount(container, "count") !== rows) throw new FormatError("A file of objects has other rows than its block.");
  const part = (name: string): Uint32Array => section(container, name, ["u32"], rows);
  const block: Pages = { first: part("first"), place: part("place"), pages: part("pages") };
  for (let i = 0; i < rows; i++) {
    const [own, place, pages] = [block.first[i]!, block.place[i]!, block.pages[i]!];
    const valid = own === ALONE ? place === 0 && pages === 1
      : own < total && pages > 1 && pages <= total && place < pages && (place === 0) === (own === first + i);
    if (!valid) throw new FormatError(`The row ${first + i} is not a page of the object that it names.`);
  }
  return block;
}
