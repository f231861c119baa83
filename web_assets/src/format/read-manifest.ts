/** Reading manifest.json: version first, then everything the engine relies on. Unknown keys are ignored. */
import { own } from "../base/own";
import { isObject } from "./container";
import { readEntry } from "./entry";
import { FormatError } from "./errors";
import { brief } from "./json";
import { checkLength } from "./lists";
import type { FieldDefinition, Manifest } from "./manifest";
import { checkVectors } from "./read-vectors";
import { checkRemote } from "./remote";
import { blocks, count, fail, fileList, index, object, text, type Json } from "./shape";

const FORMAT = "imagedb-site";
const VERSION = 2;
const FIELD_TYPES = ["text", "tags", "category", "number", "date", "boolean", "url"];
const NAME = /^[a-z][a-z0-9_]{0,62}$/;
const MOST_ROWS_PER_BLOCK = 65_536;

/** Check the shape of a parsed manifest.json. Throws FormatError that names what is wrong. */
export function readManifest(value: unknown): Manifest {
  if (!isObject(value) || value["format"] !== FORMAT) {
    throw new FormatError("manifest.json is not the manifest of an imagedb-site.");
  }
  checkVersion(value["version"]);
  const collection = object(value, "collection");
  const total = count(collection, "count");
  for (const key of ["title", "description", "hash", "source"]) text(collection, key);
  if (!Array.isArray(collection["attribution"]) || !collection["attribution"].every(isCredit)) fail("collection.attribution");
  text(value, "generator");
  if (!Array.isArray(value["fields"])) fail("fields");
  value["fields"].forEach(field);
  if (value["columns"] !== null) index(value["columns"], "columns");
  else if ((value["fields"] as FieldDefinition[]).some(({ column }) => column)) fail("columns");
  list(object(value, "list"), value["fields"] as FieldDefinition[]);
  blocks(object(value, "rows"), "rows", total, MOST_ROWS_PER_BLOCK);
  blocks(object(value, "documents"), "documents", total);
  if (value["order"] !== null) blocks(object(value, "order"), "order", total);
  ids(object(value, "ids"));
  const thumbnails = object(value, "thumbnails");
  if (thumbnails["extension"] !== "webp" && thumbnails["extension"] !== "bin") fail("thumbnails.extension");
  checkRemote(value["remote"]);
  catalog(object(value, "catalog"), total);
  if (value["vectors"] !== null) checkVectors(object(value, "vectors"), total);
  if (value["model"] !== null) model(object(value, "model"));
  if (value["suggestions"] !== null) {
    const suggestions = object(value, "suggestions");
    count(suggestions, "count");
    readEntry(suggestions["file"], "suggestions.file");
  }
  if (value["tags"] !== null) index(value["tags"], "tags");
  if (!Array.isArray(value["examples"]) || !value["examples"].every((item) => typeof item === "string")) fail("examples");
  index(value["program"], "program");
  text(value, "checksum");
  return value as unknown as Manifest;
}

/** Whether JSON claims to be a manifest of the version that this program reads. */
export function isManifest(value: Json): boolean {
  return value["format"] === FORMAT && value["version"] === VERSION;
}

function checkVersion(version: unknown): void {
  if (version === 1) throw new FormatError("This site has the draft format 1. Build it again with this version of imagedb-site.");
  if (version !== VERSION) {
    throw new FormatError(
      `This site has format version ${brief(version)}, but this program reads version ${VERSION}. Reload the page, or use a newer version of the program.`,
    );
  }
}

/** What a list shows: names of fields. */
function list(value: Json, fields: readonly FieldDefinition[]): void {
  const known = new Set<unknown>(fields.map(({ name }) => name));
  for (const key of ["title", "text"]) if (own(value, key) !== null && !known.has(own(value, key))) fail(`list.${key}`);
  const { columns } = value;
  if (!Array.isArray(columns) || !columns.every((name) => known.has(name)) || new Set(columns).size < columns.length) fail("list.columns");
}

function ids(value: Json): void {
  const digits = count(value, "digits", 0, 4);
  checkLength(fileList(value, "ids"), 16 ** digits, 1, "ids.files");
}

function isCredit(value: unknown): boolean {
  return isObject(value) && typeof value["text"] === "string"
    && ["url", "licence"].every((key) => own(value, key) === undefined || typeof own(value, key) === "string");
}

function field(value: unknown, place: number): void {
  if (!isObject(value)) fail(`fields[${place}]`);
  const definition = value as unknown as FieldDefinition;
  if (!NAME.test(text(value, "name"))) fail(`fields[${place}].name`);
  text(value, "label");
  if (!FIELD_TYPES.includes(definition.type)) fail(`fields[${place}].type`);
  for (const key of ["fts", "facet", "column"]) if (typeof own(value, key) !== "boolean") fail(`fields[${place}].${key}`);
  const { separator } = value;
  if (separator === undefined) return;
  const paths = definition.type === "tags" || definition.type === "category";
  if (!paths || typeof separator !== "string" || [...separator].length !== 1) fail(`fields[${place}].separator`);
}

function catalog(value: Json, total: number): void {
  if (value["tier"] !== "postings") {
    throw new FormatError(`This site's catalog has the tier “${brief(value["tier"])}”, which this program does not know.`);
  }
  text(value, "tokenize");
  const columns = value["columns"];
  if (!Array.isArray(columns) || !columns.length || !columns.every((name) => NAME.test(String(name)))) fail("catalog.columns");
  if (count(value, "count") !== total) fail("catalog.count");
  count(value, "bytes");
  count(value, "tokens");
  if (typeof value["ranked"] !== "boolean") fail("catalog.ranked");
  const terms = object(value, "terms");
  count(terms, "count");
  readEntry(terms["first"], "catalog.terms.first");
  const files = fileList(terms, "catalog.terms");
  if (fileList(object(value, "places"), "catalog.places").count !== files.count) fail("catalog.places.files");
  if (value["pieces"] !== null) fileList(object(value, "pieces"), "catalog.pieces");
  blocks(object(value, "lengths"), "catalog.lengths", total);
}

function model(value: Json): void {
  for (const key of ["id", "name", "encoder_hash"]) text(value, key);
  count(value, "dim", 1);
  if (!(typeof value["temperature"] === "number" && value["temperature"] > 0)) fail("model.temperature");
  const level = value["level"] ?? null;
  if (!(level === null || (typeof level === "number" && Math.abs(level) < 1))) fail("model.level");
  const licence = object(value, "licence");
  for (const key of ["id", "note"]) text(licence, key);
  index(value["file"], "model.file");
  if (value["words"]) readEntry(value["words"], "model.words");
  if (!value["static"]) return;
  const rows = object(value, "static");
  const perShard = count(rows, "rows_per_shard", 1);
  if (fileList(rows, "model.static").count !== Math.ceil(count(rows, "rows", 1) / perShard)) fail("model.static.files");
}
