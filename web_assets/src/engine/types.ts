/**
 * The vocabulary shared by the engine, the worker's messages, the public API and the interface.
 * Pure types: no code, no DOM. Names follow docs/FORMAT.md and the glossary in docs/ARCHITECTURE.md.
 */
import type { Manifest, FieldDefinition, FieldValue, ImageDocument } from "../format/manifest";

export type { Manifest, FieldDefinition, FieldValue, ImageDocument };

/** `all` fuses both arms by reciprocal rank fusion; `meaning` is vectors only; `words` is full text only. */
export type Mode = "all" | "meaning" | "words";

/** A condition on one field; several filters must all hold. */
export type Filter =
  | { field: string; kind: "any"; values: string[] }
  | { field: string; kind: "none"; values: string[] }
  | { field: string; kind: "range"; min?: number; max?: number };

/** `relevance` is the search order (row order where nothing is searched). */
export interface Sort {
  field: string | "relevance" | "default";
  direction: "ascending" | "descending";
}

/** Something to be near, or with a weight below 0 to be far from. */
export interface WeightedEmbedding {
  embedding: Float32Array;
  weight: number;
}

export interface SearchRequest {
  /** What the person typed, in the query language of docs/QUERY.md. Empty: every image. */
  text?: string;
  /** Embeddings of the pictures that `image:NAME` terms of the text name, by name. */
  images?: Record<string, Float32Array>;
  /** Image ids to find more like. */
  like?: string[];
  /** Embeddings of pictures given as queries, each of length `dim`, L2-normalised; of weight 1 where none is given. */
  embeddings?: (Float32Array | WeightedEmbedding)[];
  /** Whether to look for results of this page that show the same picture. */
  group?: boolean;
  /** Whether the answer holds what the grid needs of each result. */
  infos?: boolean;
  mode: Mode;
  filters?: Filter[];
  sort?: Sort;
  /** How many results to return (default: what `k:` in the text says, else 20), and from which rank on. */
  k?: number;
  offset?: number;
}

export interface Result {
  row: number;
  /** Fused score, higher is better; comparable within one response only. */
  score: number;
  /** Cosine similarity to the query, where the meaning arm was asked. */
  similarity?: number;
  /** Ranks (from 0) in each arm, the answer to "why this?". */
  ranks?: { meaning?: number; words?: number };
  /** Which words of the query occur in its text, where the words arm was asked (of at most 8). */
  matched?: string[];
  /** Whether it is before the response's `divide`. */
  likely?: boolean;
  /** With `group`: the row of an earlier result of this page that shows the same picture. */
  duplicateOf?: number;
}

/**
 * Something to tell the person beside the results.
 * `fts-syntax`: the words are no valid FTS5 expression; `suggestion` is the query of its words.
 * `sort`: the text asks for an order that there is not.
 */
export interface Notice {
  kind: "fts-syntax" | "sort" | "no-model" | "truncated" | "info";
  message: string;
  suggestion?: string;
}

export interface SearchResponse {
  results: Result[];
  /** How many images match in all (full text and filters); null where ranking knows no end. */
  total: number | null;
  /** How many of them match all the words, where the words arm was asked; the others match only some. */
  strictTotal?: number;
  /** How many results, from the first, are likely matches; absent where the order is not that of relevance. */
  divide?: number;
  /**
   * `words`: full text only, meaning still loading. `vocabulary`: meaning from precomputed word embeddings,
   * model still loading. `final`: nothing better will follow.
   */
  stage: "words" | "vocabulary" | "final";
  notices: Notice[];
  elapsedMs: number;
}

/** A response as it leaves the engine. */
export interface Answer extends SearchResponse {
  /** Of each result, where the request asked for it. */
  infos?: RowInfo[];
}

/** What the grid needs of one row, from the `rows` blocks. */
export interface RowInfo {
  row: number;
  id: string;
  width: number;
  height: number;
  /** Where the thumbnail lies; null where there is none. */
  thumbnail: { url: string; offset: number; length: number } | null;
  /** ThumbHash bytes; empty where there is none. */
  placeholder: Uint8Array;
  /** It is kept on this device only; the thumbnail's address then is an object URL. */
  local?: true;
}

/** Honest progress of everything that takes longer than a blink. */
export interface LoadProgress {
  step: "manifest" | "rows" | "vectors" | "catalog" | "runtime" | "model" | "image-tower" | "tokens" | "column" | "documents";
  /** Bytes received and expected on the wire. */
  loaded: number;
  total: number;
  done: boolean;
}

export interface FacetCount {
  value: string;
  count: number;
}

/** What a person may be about to type. */
export interface Suggestion {
  kind: "word" | "value";
  /** What the whole query becomes. */
  text: string;
  shown: string;
  /** How many images have the word. */
  count?: number;
  /** The label of the field that has the value. */
  field?: string;
}

/** The query without words that occur nowhere. */
export interface Correction {
  text: string;
  changes: { from: string; to: string }[];
}

/** `highlight` marks matched words: alternating plain and matched pieces, starting with a plain one. */
export interface Highlight {
  field: string;
  pieces: string[];
}
