/** Reading manifest.json: version first, then everything the engine relies on. Unknown keys are ignored. */
import { isObject } from "./container";
import { FormatError } from "./errors";
import { readPack } from "./pack";
import type { FieldDefinition, FileEntry, Manifest } from "./manifest";

const VERSION = 1;
const FIELD_TYPES = ["text", "tags", "category", "number", "date", "boolean", "url"];

/** Check the shape of a parsed manifest.json. Throws FormatError naming what is wrong. */
export function readManifest(value: unknown): Manifest {
  if (!isObject(value) || value["format"] !== "imagedb-site") {
    throw new FormatError("manifest.json is not the manifest of an imagedb-site.");
  }
  if (value["version"] !== VERSION) {
    throw new FormatError(
      `This site has format version ${String(value["version"])}, but this program reads version ${VERSION}. Rebuild the site or reload the page.`,
    );
  }
  const collection = object(value, "collection");
  count(collection, "count");
  for (const key of ["title", "description", "hash"]) text(collection, key);
  if (!Array.isArray(collection["attribution"])) fail("collection.attribution");
  if (!Array.isArray(value["fields"])) fail("fields");
  value["fields"].forEach(field);
  blocks(value, "rows");
  blocks(value, "documents");
  entry(value["ids"], "ids");
  const thumbnails = object(value, "thumbnails");
  if (thumbnails["extension"] !== "webp" && thumbnails["extension"] !== "bin") fail("thumbnails.extension");
  catalog(object(value, "catalog"));
  if (value["vectors"] !== null) vectors(object(value, "vectors"));
  if (value["model"] !== null) model(object(value, "model"));
  if (value["suggestions"] !== undefined && value["suggestions"] !== null) {
    const suggestions = object(value, "suggestions");
    count(suggestions, "count");
    entry(suggestions["file"], "suggestions.file");
  }
  if (!Array.isArray(value["examples"]) || !value["examples"].every((item) => typeof item === "string")) fail("examples");
  return value as unknown as Manifest;
}

function fail(path: string): never {
  throw new FormatError(`manifest.json has no valid “${path}”.`);
}

function object(parent: Record<string, unknown>, key: string): Record<string, unknown> {
  const value = parent[key];
  return isObject(value) ? value : fail(key);
}

function text(parent: Record<string, unknown>, key: string): string {
  const value = parent[key];
  return typeof value === "string" ? value : fail(key);
}

function count(parent: Record<string, unknown>, key: string, least = 0): number {
  const value = parent[key];
  return Number.isSafeInteger(value) && (value as number) >= least ? (value as number) : fail(key);
}

function entry(value: unknown, path: string): FileEntry {
  if (!isObject(value)) fail(path);
  text(value, "path");
  count(value, "bytes");
  count(value, "raw_bytes");
  text(value, "sha256");
  return value as unknown as FileEntry;
}

function blocks(manifest: Record<string, unknown>, key: string): void {
  const value = object(manifest, key);
  const block = count(value, "block", 1);
  const total = count(object(manifest, "collection"), "count");
  const files = value["files"];
  if (!Array.isArray(files) || files.length !== Math.ceil(total / block)) fail(`${key}.files`);
  files.forEach((file, index) => entry(file, `${key}.files[${index}]`));
}

function field(value: unknown, index: number): void {
  if (!isObject(value)) fail(`fields[${index}]`);
  const definition = value as unknown as FieldDefinition;
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(text(value, "name"))) fail(`fields[${index}].name`);
  text(value, "label");
  if (!FIELD_TYPES.includes(definition.type)) fail(`fields[${index}].type`);
  if (definition.column !== null) entry(definition.column, `fields[${index}].column`);
}

function catalog(value: Record<string, unknown>): void {
  if (value["tier"] !== "whole") {
    throw new FormatError(`This site's catalog is of the tier “${String(value["tier"]).slice(0, 40)}”, which this program does not know.`);
  }
  entry(value["file"], "catalog.file");
  text(value, "tokenize");
  const columns = value["columns"];
  if (!Array.isArray(columns) || !columns.every((name) => /^[a-z][a-z0-9_]{0,62}$/.test(String(name)))) fail("catalog.columns");
}

function vectors(value: Record<string, unknown>): void {
  if (value["tier"] !== "flat" || value["codec"] !== "int8") {
    throw new FormatError(
      `This site's vectors are “${String(value["tier"]).slice(0, 40)}/${String(value["codec"]).slice(0, 40)}”, which this program does not know.`,
    );
  }
  count(value, "count");
  count(value, "dim", 1);
  entry(value["file"], "vectors.file");
}

function model(value: Record<string, unknown>): void {
  const pack = readPack(value["pack"]);
  const files = object(value, "files");
  for (const name of Object.keys(pack.files)) {
    if (Object.hasOwn(files, name)) entry(files[name], `model.files.${name}`);
  }
}
