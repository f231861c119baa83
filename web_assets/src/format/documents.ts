/** Blocks of documents (docs/FORMAT.md 2.7): the full metadata of some rows. */
import { isObject } from "./container";
import { FormatError } from "./errors";
import { parseJson } from "./json";
import type { ImageDocument } from "./manifest";

/** Decode a block that must hold `count` documents. Throws FormatError. */
export function readDocuments(bytes: Uint8Array, count: number): ImageDocument[] {
  const list = parseJson(bytes, "A block of documents");
  if (!Array.isArray(list) || list.length !== count) throw new FormatError(`A block does not hold ${count} documents.`);
  for (const item of list) {
    if (!isObject(item) || typeof item["id"] !== "string" || typeof item["path"] !== "string" || !isObject(item["fields"])) {
      throw new FormatError("A document has no valid id, path or fields.");
    }
    if (item["view"] !== undefined && (!isObject(item["view"]) || typeof item["view"]["path"] !== "string")) {
      throw new FormatError("A document has no valid view.");
    }
  }
  return list as ImageDocument[];
}
