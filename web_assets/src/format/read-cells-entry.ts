/** What manifest.json says about the tier `cells` (docs/FORMAT.md 2.9). It is checked when the cells are opened, as few sites have them. */
import { own } from "../base/own";
import { readEntry } from "./entry";
import type { CellsEntry } from "./manifest";
import { blocks, count, fail, fileList, object, type Json } from "./shape";

const [MOST_CELLS, MOST_PROBES, MOST_PER_FILE, ROW_CELLS, MOST_SAMPLE] = [65_534, 65_535, 65_536, 16_384, 1024];

/** Throws FormatError. The rest of the entry has been checked with the manifest. */
export function checkCells(entry: CellsEntry): void {
  const value = entry as unknown as Json;
  const { count: total, missing, texts: some, source } = entry;
  const known = total - (missing?.count ?? 0);
  const about = object(value, "cells");
  const number = count(about, "count", 1, MOST_CELLS);
  count(about, "most", count(about, "least", 1, MOST_PROBES), MOST_PROBES);
  count(about, "rows_per_file", 1, MOST_PER_FILE);
  const drawn = own(about, "drawn");
  if (drawn !== undefined && drawn !== true) fail("vectors.cells.drawn");
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
  const texts = source === "texts" ? known : some?.count ?? 0;
  sample(samples, "pictures", known - texts);
  sample(samples, "texts", texts);
}

/** A sample of `rows` rows. */
function sample(samples: Json, kind: string, rows: number): void {
  const name = `vectors.sample.${kind}`;
  if (rows <= 0) {
    if (own(samples, kind) !== null) fail(name);
    return;
  }
  const value = object(samples, kind);
  if (count(value, "count") !== Math.min(rows, MOST_SAMPLE)) fail(`${name}.count`);
  readEntry(value["file"], `${name}.file`);
}
