/** Emoji by their names, and texts that an encoder does not know: the same as in Python (tests/golden/emoji.json). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { emojiIn, emojiNames, replaceEmoji, spelledOut } from "../../web_assets/src/base/emoji";
import { PackTokenizer } from "../../web_assets/src/encoder";
import { bytes, decoded, golden, json, repository } from "./support/files";

const { spelled, known } = json<{ spelled: [string, string][]; known: [string, string | null][] }>(golden, "emoji.json");
const file = join(repository, "builder", "imagedb_site", "emoji_names.txt");

const tokenizer = async (...path: string[]) => {
  const compact: unknown = JSON.parse(new TextDecoder().decode(decoded(golden, ...path)));
  return await PackTokenizer.create(compact, 64, 0);
};

describe("emoji", () => {
  it.each(spelled)("%j are spelled out", async (text, names) => {
    expect(await spelledOut(text)).toBe(names);
  });

  it("all have their names", async () => {
    const nameOf = await emojiNames();
    const lines = readFileSync(file, "utf8").trim().split("\n");
    expect(lines.length).toBeGreaterThan(1900);
    for (const line of lines) {
      const space = line.indexOf(" ");
      expect(nameOf(line.slice(0, space))).toBe(line.slice(space + 1));
    }
  });

  it("are found in order", () => {
    expect(emojiIn("I ❤️ my 👩🏽\u200d🚀 in 🇩🇪!")).toEqual(["❤️", "👩🏽\u200d🚀", "🇩🇪"]);
    expect(emojiIn("1 + 1 = 2 # no * keys")).toEqual([]);
    expect(replaceEmoji("🐱 🐶", (sequence) => (sequence === "🐶" ? "dog" : null))).toBe("🐱 dog");
  });

  it("have names that load quickly", () => {
    expect(gzipSync(bytes(file), { level: 9 }).length).toBeLessThan(25_000);
  });
});

describe("a tokenizer", () => {
  it.each(known)("leaves out what is unknown in %j", async (text, same) => {
    const own = await tokenizer("pack-tiny", "tokenizer.json.gz");
    expect(own.encodeKnown(text)).toEqual(same === null ? null : own.encode(same));
  });

  it.each(["clip", "gemma"])("of bytes knows everything: %s", async (name) => {
    const own = await tokenizer("tokenizers", `${name}.json.gz`);
    for (const text of ["🐱", "привет мир", "สวัสดี", "★", "🜁", "a red car"]) expect(own.encodeKnown(text)).toEqual(own.encode(text));
    expect(own.encodeKnown("")).toBeNull();
  });
});
