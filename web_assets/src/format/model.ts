/** The binary files of a model pack: token shards and the words (docs/FORMAT.md, section 3). */
import { headerCount, headerStrings, readContainer, section } from "./container";
import { FormatError } from "./errors";

/** Some rows of the token table, still as codes. */
export interface TokenShard {
  first: number;
  count: number;
  width: number;
  scale: Float32Array;
  codes: { precision: "int8"; values: Int8Array } | { precision: "int4"; values: Uint8Array };
}

export function readTokenShard(bytes: Uint8Array): TokenShard {
  const container = readContainer(bytes, "tokens");
  const first = headerCount(container, "first");
  const count = headerCount(container, "count");
  const width = headerCount(container, "width", 1);
  const scale = section(container, "scale", ["f32"], count);
  const { precision } = container.header;
  if (precision === "int8") {
    return { first, count, width, scale, codes: { precision, values: section(container, "codes", ["i8"], count * width) } };
  }
  if (precision === "int4" && width % 2 === 0) {
    return { first, count, width, scale, codes: { precision, values: section(container, "codes", ["u8"], (count * width) / 2) } };
  }
  throw new FormatError(`Tokens of precision “${String(precision).slice(0, 40)}” and width ${width} are unknown.`);
}

/** Write row `index` of a shard, dequantised, into `target` (float32, `width` long). */
export function tokenRow(shard: TokenShard, index: number, target: Float32Array): void {
  const scale = shard.scale[index]!;
  const { width, codes } = shard;
  if (codes.precision === "int8") {
    const from = index * width;
    for (let d = 0; d < width; d++) target[d] = codes.values[from + d]! * scale;
    return;
  }
  const from = (index * width) / 2;
  for (let d = 0; d < width; d += 2) {
    const pair = codes.values[from + d / 2]!;
    target[d] = ((pair & 15) - 8) * scale;
    target[d + 1] = ((pair >> 4) - 8) * scale;
  }
}

/** The words of the model's vocabulary, most frequent first. */
export function readModelWords(bytes: Uint8Array): string[] {
  return headerStrings(readContainer(bytes, "model-words"), "words");
}
