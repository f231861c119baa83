/** The index of a site's model: the pack's own description and the paths of its files (docs/FORMAT.md 2.1, `model`). */
import { isObject } from "./container";
import { readEntry, type FileEntry } from "./entry";
import { FormatError } from "./errors";
import { parseJson } from "./json";
import type { ModelSummary, PackManifest } from "./manifest";
import { readPack } from "./pack";

export interface ModelIndex {
  pack: PackManifest;
  /** The paths of the pack's files in the site, by their names in the pack. */
  files: Map<string, FileEntry>;
}

/** Decode and check the index of the model that a manifest announces. Throws FormatError. */
export function readModelIndex(bytes: Uint8Array, summary: ModelSummary): ModelIndex {
  const index = parseJson(bytes, "The index of the model");
  if (!isObject(index) || !isObject(index["files"])) throw new FormatError("The index of the model is not an object with files.");
  const pack = readPack(index["pack"]);
  if (pack.id !== summary.id || pack.dim !== summary.dim || pack.encoder_hash !== summary.encoder_hash) {
    throw new FormatError("The index of the model describes another model than the manifest says.");
  }
  const files = Object.entries(index["files"]).map(([name, entry]) => [name, readEntry(entry, `The model's file “${name.slice(0, 80)}”`)] as const);
  return { pack, files: new Map(files) };
}
