/** What a request asks of each arm. The place where a query language widens what a text can say. */
import { plainText, planWords, type WordsPlan } from "../catalog/index";
import { QueryError } from "./errors";
import type { Manifest, Mode, SearchRequest } from "./types";

/** Something to be near (`weight` > 0) or far from (< 0) in the meaning arm. */
export type Term =
  | { kind: "text"; text: string; weight: number }
  | { kind: "like"; id: string; weight: number }
  | { kind: "embedding"; embedding: Float32Array; weight: number };

export interface Plan {
  mode: Mode;
  /** What full text looks for; null where there is nothing. */
  words: WordsPlan | null;
  /** FTS5 expressions every result must match. */
  required: string[];
  terms: Term[];
}

/** Texts are cut here, in UTF-16 units: nobody types more, and a tokenizer must not choke on it. */
const MAX_TEXT = 10_000;
const MAX_RESULTS = 100_000;

/** Check a request and split it into its parts. Throws QueryError. */
export function makePlan(request: SearchRequest, manifest: Manifest): Plan {
  const { mode, k, offset = 0, like = [], embeddings = [] } = request;
  if (mode !== "all" && mode !== "meaning" && mode !== "words") throw new QueryError(`“${String(mode)}” is no mode of searching.`);
  if (!Number.isInteger(k) || k < 0 || k > MAX_RESULTS) throw new QueryError(`k must be a whole number up to ${MAX_RESULTS}.`);
  if (!Number.isInteger(offset) || offset < 0) throw new QueryError("offset must be a whole number.");
  const text = (request.text ?? "").slice(0, MAX_TEXT);
  const { columns } = manifest.catalog;
  const words = text.trim() ? planWords(text, columns, request.typing) : null;
  const meaning = plainText(text, columns);
  const dim = manifest.vectors?.dim;
  for (const embedding of embeddings) {
    if (embedding.length !== dim) throw new QueryError(`A picture's embedding has ${embedding.length} dimensions instead of ${dim ?? 0}.`);
  }
  return {
    mode,
    words: words?.strict ? words : null,
    required: words?.expression && words.strict ? [words.strict] : [],
    terms: [
      ...(meaning ? [{ kind: "text" as const, text: meaning, weight: 1 }] : []),
      ...like.map((id) => ({ kind: "like" as const, id, weight: 1 })),
      ...embeddings.map((embedding) => ({ kind: "embedding" as const, embedding, weight: 1 })),
    ],
  };
}
