/** Text to token ids: the compact tokenizer of a pack (docs/FORMAT.md, section 3), expanded. */
import type { Tokenizer } from "@huggingface/tokenizers";
import { FormatError } from "../format/errors";
import { isObject } from "../format/container";

export class PackTokenizer {
  private constructor(
    private readonly tokenizer: Tokenizer, private readonly special: ReadonlySet<number>,
    private readonly maxTokens: number, private readonly padId: number,
  ) {}

  /** @param compact the parsed JSON of the tokenizer's file */
  static async create(compact: unknown, maxTokens: number, padId: number): Promise<PackTokenizer> {
    const expanded = expandTokenizer(compact);
    const { Tokenizer } = await import("@huggingface/tokenizers");
    let tokenizer: Tokenizer;
    try {
      tokenizer = new Tokenizer(expanded, {});
    } catch (cause) {
      throw new FormatError("The model's tokenizer cannot be used.", { cause });
    }
    const special = new Set<number>();
    for (const [id, token] of tokenizer.get_added_tokens_decoder()) if (token.special) special.add(id);
    for (const id of templateIds(expanded["post_processor"])) special.add(id);
    return new PackTokenizer(tokenizer, special, maxTokens, padId);
  }

  /** At least one id, at most `maxTokens`. A longer text keeps its first tokens and its last special one. */
  encode(text: string): number[] {
    const { ids } = this.tokenizer.encode(text.replace(/[\ud800-\udfff]/gu, "\ufffd"));
    if (!ids.length) return [this.padId];
    if (ids.length <= this.maxTokens) return ids;
    const last = ids[ids.length - 1]!;
    return this.special.has(last) ? [...ids.slice(0, this.maxTokens - 1), last] : ids.slice(0, this.maxTokens);
  }
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
    // Without a prototype, so that a token called "__proto__" is a key like any other.
    const ids = Object.create(null) as Record<string, number>;
    vocab.forEach((token, id) => {
      if (typeof token !== "string" || token in ids) throw new FormatError("The model's tokenizer lists a token twice.");
      ids[token] = id;
    });
    model["vocab"] = ids;
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
