/** Text to token ids: the compact tokenizer of a pack (docs/FORMAT.md, section 3), expanded. */
import { own } from "../base/own";
import { part } from "../base/errors";
import type { Tokenizer } from "@huggingface/tokenizers";
import { FormatError } from "../format/errors";
import { isObject } from "../format/container";

/** What a text without letters or signs becomes in some tokenizers: a mark for a space. */
const BLANK = "\u2581";

export class PackTokenizer {
  /** The ids of an empty text. */
  private readonly bare: readonly number[];
  private readonly unknown: number | null;
  private readonly blank: number | undefined;

  private constructor(
    private readonly tokenizer: Tokenizer, model: unknown, private readonly special: ReadonlySet<number>,
    private readonly maxTokens: number, private readonly padId: number,
  ) {
    this.bare = tokenizer.encode("").ids;
    const unknown = unknownToken(model);
    this.unknown = unknown === null || this.bare.includes(unknown) ? null : unknown;
    this.blank = tokenizer.token_to_id(BLANK);
  }

  /** @param compact the parsed JSON of the tokenizer's file */
  static async create(compact: unknown, maxTokens: number, padId: number): Promise<PackTokenizer> {
    const expanded = expandTokenizer(compact);
    const { Tokenizer } = await part(import("@huggingface/tokenizers"), "Tokenizer");
    let tokenizer: Tokenizer;
    try {
      tokenizer = new Tokenizer(expanded, {});
    } catch (cause) {
      throw new FormatError("The model's tokenizer cannot be used.", { cause });
    }
    const special = new Set<number>();
    for (const [id, token] of tokenizer.get_added_tokens_decoder()) if (token.special) special.add(id);
    for (const id of templateIds(expanded["post_processor"])) special.add(id);
    return new PackTokenizer(tokenizer, expanded["model"], special, maxTokens, padId);
  }

  /** At least one id, at most `maxTokens`. A longer text keeps its first tokens and its last special one. */
  encode(text: string): number[] {
    const ids = this.ids(text);
    return ids.length ? this.cut(ids) : [this.padId];
  }

  /**
   * The ids of what the model knows of a text, cut as `encode` does; null if it knows nothing. Unknown tokens are left out. A
   * byte-level tokenizer has none.
   */
  encodeKnown(text: string): number[] | null {
    const { unknown, blank, bare } = this;
    const all = this.ids(text);
    const ids = unknown === null ? all : all.filter((id, i) => id !== unknown && !(id === blank && all[i + 1] === unknown));
    const words = ids.filter((id) => id !== blank);
    if (words.length === bare.length && words.every((id, i) => id === bare[i])) return null;
    return this.cut(ids);
  }

  private ids(text: string): number[] {
    return this.tokenizer.encode(text.replace(/[\ud800-\udfff]/gu, "\ufffd")).ids;
  }

  private cut(ids: number[]): number[] {
    if (ids.length <= this.maxTokens) return ids;
    const last = ids[ids.length - 1]!;
    return this.special.has(last) ? [...ids.slice(0, this.maxTokens - 1), last] : ids.slice(0, this.maxTokens);
  }
}

/** The id that stands for whatever the vocabulary lacks; null if there is no such id. */
function unknownToken(model: unknown): number | null {
  if (!isObject(model)) return null;
  const { unk_token: token, vocab } = model;
  const id = model["type"] === "Unigram" ? model["unk_id"] : typeof token === "string" && isObject(vocab) ? own(vocab, token) : null;
  return typeof id === "number" ? id : null;
}

/** Ids that a post-processor adds to every text. */
function templateIds(processor: unknown): number[] {
  if (!isObject(processor)) return [];
  const inner = Array.isArray(processor["processors"]) ? processor["processors"].flatMap(templateIds) : [];
  const tokens = isObject(processor["special_tokens"]) ? Object.values(processor["special_tokens"]) : [];
  const own = tokens.flatMap((token) => (isObject(token) && Array.isArray(token["ids"]) ? token["ids"] : []));
  return [...inner, ...own].filter((id): id is number => typeof id === "number");
}

/** The tokenizer.json object of a compact tokenizer, with vocabulary and merges filled in. Throws FormatError. */
export function expandTokenizer(compact: unknown): Record<string, unknown> {
  if (!isObject(compact) || !isObject(compact["tokenizer"]) || !isObject(compact["tokenizer"]["model"]) || !Array.isArray(compact["vocab"])) {
    throw new FormatError("The model's tokenizer has no vocabulary or no model.");
  }
  const vocab = compact["vocab"] as unknown[];
  const model: Record<string, unknown> = { ...compact["tokenizer"]["model"] };
  if (model["type"] === "Unigram") {
    model["vocab"] = vocab;
  } else {
    const ids = new Map<string, number>();
    vocab.forEach((token, id) => {
      if (typeof token !== "string" || ids.has(token)) throw new FormatError("The model's tokenizer lists a token twice.");
      ids.set(token, id);
    });
    // A token called "__proto__" becomes a key like any other.
    model["vocab"] = Object.fromEntries(ids);
  }
  const merges = model["merges"];
  if (Array.isArray(merges) && merges.length && typeof merges[0] !== "string") {
    const part = (value: unknown) => (typeof value === "number" ? vocab[value] : value);
    model["merges"] = merges.map((pair) => {
      if (!Array.isArray(pair) || pair.length !== 2) throw new FormatError("The model's tokenizer has a merge that is not a pair.");
      return pair.map(part);
    });
  }
  return { ...compact["tokenizer"], model };
}
