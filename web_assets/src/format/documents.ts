/** Blocks of documents (docs/FORMAT.md 2.7): the full metadata of some rows. */
import { isObject } from "./container";
import { FormatError } from "./errors";
import { parseJson } from "./json";
import type { ImageDocument } from "./manifest";
import { checkRemotePicture } from "./remote";

/** Decode a block that must hold `count` documents, with pictures from no other host than `origins`. Throws FormatError. */
export function readDocuments(bytes: Uint8Array, count: number, origins: readonly string[] = []): ImageDocument[] {
  const list = parseJson(bytes, "A block of documents");
  if (!Array.isArray(list) || list.length !== count) throw new FormatError(`A block does not hold ${count} documents.`);
  for (const item of list) {
    if (!isObject(item) || typeof item["id"] !== "string" || typeof item["path"] !== "string" || !isObject(item["fields"])) {
      throw new FormatError("A document has no valid id, path or fields.");
    }
    if (!isSize(item["width"]) || !isSize(item["height"])) throw new FormatError("A document has no valid width or height.");
    if (!Object.values(item["fields"]).every(isValue)) throw new FormatError("A document has a field with a value of an unknown kind.");
    const { view, original } = item;
    if (view !== undefined && !(isObject(view) && typeof view["path"] === "string" && isSize(view["width"]) && isSize(view["height"]))) {
      throw new FormatError("A document has no valid view.");
    }
    if (item["remote"] !== undefined) checkRemotePicture(item["remote"], origins);
    if (original !== undefined && typeof original !== "string") throw new FormatError("A document has no valid original.");
  }
  return list as ImageDocument[];
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isValue(value: unknown): boolean {
  return ["string", "number", "boolean"].includes(typeof value) || (Array.isArray(value) && value.every((item) => typeof item === "string"));
}
