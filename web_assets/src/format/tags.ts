/** The table of tags that have numbers (docs/FORMAT.md 2.15). */
import { isObject } from "./container";
import { readEntry, type FileEntry } from "./entry";
import { FormatError } from "./errors";
import { parseJson } from "./json";

/** A tag: its number, its name, the field that has it, and how many records have it. */
export interface NumberedTag {
  id: number;
  name: string;
  field: string;
  count: number;
}

/** A block of the table: the number of its first tag, and its file. */
export interface TagBlock {
  first: number;
  count: number;
  file: FileEntry;
}

/** The index of the table. */
export interface TagIndex {
  count: number;
  /** Their first numbers rise. */
  blocks: TagBlock[];
}

/** Throws FormatError. */
export function readTagIndex(bytes: Uint8Array): TagIndex {
  const index = parseJson(bytes, "The index of tags");
  if (!isObject(index) || !isNumber(index["count"]) || !Array.isArray(index["blocks"])) throw invalid();
  const blocks = index["blocks"].map((value: unknown): TagBlock => {
    if (!isObject(value) || !isNumber(value["first"]) || !isNumber(value["count"])) throw invalid();
    return { first: value["first"], count: value["count"], file: readEntry(value, "A block of tags") };
  });
  if (blocks.reduce((sum, { count }) => sum + count, 0) !== index["count"]) throw invalid();
  return { count: index["count"], blocks };
}

/** The tags of a block; their numbers rise. Throws FormatError. */
export function readTags(bytes: Uint8Array, block: TagBlock): NumberedTag[] {
  const items = parseJson(bytes, "A block of tags");
  if (!Array.isArray(items) || items.length !== block.count) throw invalid();
  let last = -1;
  return items.map((item: unknown, at): NumberedTag => {
    if (!Array.isArray(item) || item.length !== 4) throw invalid();
    const [id, name, field, count] = item as unknown[];
    if (!isNumber(id) || id <= last || (at === 0 && id !== block.first) || typeof name !== "string" || typeof field !== "string" || !isNumber(count)) {
      throw invalid();
    }
    last = id;
    return { id, name, field, count };
  });
}

/** The block that has the tag with this number, if there is one; undefined if no block has it. */
export function blockOf(index: TagIndex, id: number): TagBlock | undefined {
  return index.blocks.findLast(({ first }) => first <= id);
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function invalid(): FormatError {
  return new FormatError("The table of tags is damaged.");
}
