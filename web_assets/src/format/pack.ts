/** Reading a model pack's pack.json (docs/FORMAT.md, section 3). */
import { isObject } from "./container";
import { FormatError } from "./errors";
import { brief } from "./json";
import type { PackManifest } from "./manifest";

const VERSION = 1;
const RESIZE = ["shortest", "squash", "longest"];
const INTERPOLATION = ["bilinear", "bicubic"];
const CROP = ["center", "none"];

/** Check the shape of a parsed pack.json. Throws FormatError naming what is wrong. */
export function readPack(value: unknown): PackManifest {
  if (!isObject(value) || value["format"] !== "imagedb-pack") {
    throw new FormatError("The model's pack.json does not belong to an imagedb-pack.");
  }
  if (value["version"] !== VERSION) {
    throw new FormatError(`The model pack has version ${brief(value["version"])}, but this program reads version ${VERSION}.`);
  }
  const pack = value as unknown as PackManifest;
  check(isObject(pack.files), "files");
  check(whole(pack.dim, 1), "dim");
  check(isObject(pack.image) && file(pack, pack.image.file), "image");
  check(typeof pack.image.input === "string" && typeof pack.image.output === "string", "image.input");
  const prepare = pack.image.preprocessing;
  check(isObject(prepare), "image.preprocessing");
  check(numbers(prepare.size, 2) && prepare.size.every((side) => whole(side, 1) && side <= 4096), "image.preprocessing.size");
  check(RESIZE.includes(prepare.resize) && INTERPOLATION.includes(prepare.interpolation), "image.preprocessing.resize");
  check(CROP.includes(prepare.crop), "image.preprocessing.crop");
  check(numbers(prepare.mean, 3) && numbers(prepare.std, 3) && numbers(prepare.fill, 3), "image.preprocessing.mean");
  check(isObject(pack.text) && file(pack, pack.text.file), "text");
  check(isObject(pack.text.inputs) && typeof pack.text.inputs.embeddings === "string", "text.inputs");
  const { weights = [] } = pack.text;
  check(Array.isArray(weights) && weights.every((name) => file(pack, name)), "text.weights");
  check(typeof pack.text.output === "string", "text.output");
  check(whole(pack.text.max_tokens, 2) && (pack.text.padding === "none" || pack.text.padding === "max"), "text.max_tokens");
  check(isObject(pack.tokens) && Array.isArray(pack.tokens.shards), "tokens");
  const { rows, width, precision, rows_per_shard: perShard, shards } = pack.tokens;
  check(whole(rows, 1) && whole(width, 1) && whole(perShard, 1), "tokens.rows");
  check(precision === "int8" || (precision === "int4" && width % 2 === 0), "tokens.precision");
  check(shards.length === Math.ceil(rows / perShard) && shards.every((name) => file(pack, name)), "tokens.shards");
  check(isObject(pack.tokenizer) && file(pack, pack.tokenizer.file), "tokenizer");
  check(pack.vocabulary === null || (isObject(pack.vocabulary) && file(pack, pack.vocabulary.file)), "vocabulary");
  check(!pack.static || file(pack, pack.static.file), "static");
  check(isObject(pack.calibration) && Number.isFinite(pack.calibration.temperature) && pack.calibration.temperature > 0, "calibration");
  return pack;
}

function check(valid: boolean, path: string): asserts valid {
  if (!valid) throw new FormatError(`The model's pack.json has no valid “${path}”.`);
}

function whole(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

function numbers(value: unknown, length: number): value is number[] {
  return Array.isArray(value) && value.length === length && value.every((item) => Number.isFinite(item));
}

function file(pack: PackManifest, name: unknown): boolean {
  return typeof name === "string" && Object.hasOwn(pack.files, name);
}
