/** What manifest.json says about vectors (docs/FORMAT.md 2.9). */
import { readEntry } from "./entry";
import { FormatError } from "./errors";
import { brief } from "./json";
import { blocks, count, fail, object, text, type Json } from "./shape";

/** Check the entry of vectors of a collection of `total` images, but not what only the tier `cells` has. Throws FormatError. */
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
  if (value["missing"] !== null) rowSet(object(value, "missing"), "vectors.missing", total);
  if (value["texts"] !== undefined) rowSet(object(value, "texts"), "vectors.texts", total);
  if (tier === "flat") flat(value, total);
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

function rowSet(value: Json, name: string, total: number): void {
  if (count(value, "count", 1) >= total) fail(name);
  readEntry(value["file"], `${name}.file`);
}
