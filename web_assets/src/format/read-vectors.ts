/** What manifest.json says about vectors (docs/FORMAT.md 2.9). */
import { readEntry } from "./entry";
import { FormatError } from "./errors";
import { brief } from "./json";
import { blocks, count, fail, fileList, object, text, type Json } from "./shape";

/** The limits of the tier `cells`. */
const [MOST_CELLS, MOST_PROBES, MOST_PER_FILE, ROW_CELLS, MOST_SAMPLE] = [65_534, 65_535, 65_536, 16_384, 1024];

/** Check the entry of vectors of a collection of `total` images. Throws FormatError. */
export function checkVectors(value: Json, total: number): void {
  const { tier, codec } = value;
  if ((tier !== "flat" && tier !== "cells") || codec !== "int8") {
    throw new FormatError(`This site's vectors are “${brief(tier)}/${brief(codec)}”, which this program does not know.`);
  }
  if (count(value, "count") !== total) fail("vectors.count");
  count(value, "dim", 1);
  readEntry(value["quantizer"], "vectors.quantizer");
  if (!["pictures", "texts", "both"].includes(text(value, "source"))) fail("vectors.source");
  if ((value["source"] === "both") !== (value["texts"] !== undefined)) fail("vectors.texts");
  const missing = value["missing"] === null ? 0 : rowSet(object(value, "missing"), "vectors.missing", total);
  const texts = value["texts"] === undefined ? 0 : rowSet(object(value, "texts"), "vectors.texts", total);
  if (tier === "flat") flat(value, total);
  else cells(value, total, total - missing, value["source"] === "texts" ? total - missing : texts);
}

function flat(value: Json, total: number): void {
  if (count(value, "block", 4) % 4) fail("vectors.block");
  blocks(value, "vectors", total);
  if (value["coarse"] === undefined) return;
  const coarse = object(value, "coarse");
  readEntry(coarse["file"], "vectors.coarse.file");
  if (count(coarse, "block", 4) % 4) fail("vectors.coarse.block");
  blocks(coarse, "vectors.coarse", total);
}

/** @param known rows with an embedding, `texts` of which have that of a text */
function cells(value: Json, total: number, known: number, texts: number): void {
  const about = object(value, "cells");
  const number = count(about, "count", 1, MOST_CELLS);
  count(about, "most", count(about, "least", 1, MOST_PROBES), MOST_PROBES);
  count(about, "rows_per_file", 1, MOST_PER_FILE);
  readEntry(about["file"], "vectors.cells.file");
  readEntry(about["sizes"], "vectors.cells.sizes");
  readEntry(object(value, "coarse")["file"], "vectors.coarse.file");
  // One more than there are cells, for the tail.
  if (fileList(value, "vectors", "groups").count > number + 1) fail("vectors.groups");
  if (fileList(value, "vectors").count > known) fail("vectors.files");
  const rows = object(value, "row_cells");
  if (count(rows, "block") !== ROW_CELLS) fail("vectors.row_cells.block");
  blocks(rows, "vectors.row_cells", total);
  const samples = object(value, "sample");
  sample(samples, "pictures", known - texts);
  sample(samples, "texts", texts);
}

/** A sample of `rows` rows. */
function sample(samples: Json, kind: string, rows: number): void {
  const name = `vectors.sample.${kind}`;
  if (rows <= 0) {
    if (samples[kind] !== null) fail(name);
    return;
  }
  const value = object(samples, kind);
  if (count(value, "count") !== Math.min(rows, MOST_SAMPLE)) fail(`${name}.count`);
  readEntry(value["file"], `${name}.file`);
}

/** Returns how many rows the set has. */
function rowSet(value: Json, name: string, total: number): number {
  const size = count(value, "count", 1);
  if (size >= total) fail(name);
  readEntry(value["file"], `${name}.file`);
  return size;
}
