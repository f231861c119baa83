import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { PackTokenizer } from "../../web_assets/src/encoder/tokenizer";

const folder = new URL("../golden/tokenizers/", import.meta.url);
const read = (name: string): unknown => JSON.parse(gunzipSync(readFileSync(new URL(name, folder))).toString("utf8"));

interface Golden {
  strings: string[];
  max_tokens: Record<string, number>;
  clip: number[][];
  gemma: number[][];
}

describe("exported tokenizers", () => {
  const golden = read("golden.json.gz") as Golden;
  it.each(["clip", "gemma"] as const)("%s gives the same ids as OpenCLIP for 2,000 strings", async (name) => {
    const tokenizer = await PackTokenizer.create(read(`${name}.json.gz`), golden.max_tokens[name]!, 0);
    expect(golden.strings.length).toBe(2000);
    const wrong = golden.strings.flatMap((text, at) => {
      const ids = tokenizer.encode(text);
      return ids.join() === golden[name][at]!.join() ? [] : [{ text, ids: ids.join(), expected: golden[name][at]!.join() }];
    });
    expect(wrong).toEqual([]);
  });
});
