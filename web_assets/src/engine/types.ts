/**
 * The vocabulary shared by the engine, the worker's messages, the public API and the interface.
 * Pure types: no code, no DOM. Names follow docs/FORMAT.md and the glossary in docs/ARCHITECTURE.md.
 */
import type { DownloadPart } from "../format/downloads";
import type { Manifest, FieldDefinition, FieldValue, ImageDocument } from "../format/manifest";
import type { MapTopic } from "../format/map";

export type Download = DownloadPart;
export type { Manifest, FieldDefinition, FieldValue, ImageDocument, MapTopic };

/** `all` fuses meaning and words by rank; `meaning` uses only vectors, `words` only full text. */
export type Mode = "all" | "meaning" | "words";

/** A condition on one field. If there are several, all must hold. A value of a field of paths includes everything below it. */
export type Filter =
  | { field: string; kind: "any"; values: string[] }
  | { field: string; kind: "none"; values: string[] }
  /** Images with these ids, as 16 hexadecimal digits; unknown ids are left out. The field is `@set`. */
  | { field: string; kind: "ids"; values: string[] }
  /** Numbers, or seconds since 1970 for dates; a date is found if its year, month, day or moment reaches into the range. */
  | { field: string; kind: "range"; min?: number; max?: number }
  /** What lies in an area of the map of meaning: the corners of a polygon, as x, y, x, y, … The field is `@map`. */
  | { field: string; kind: "area"; points: number[] }
  /** What belongs to topics of the map of meaning, by their names; a number stands for the topic in that place. The field is `@map`. */
  | { field: string; kind: "topic"; values: string[] };

/** The order of results. `relevance` is the order of the search, or the default order if nothing is searched. */
export interface Sort {
  field: string | "relevance" | "default";
  direction: "ascending" | "descending";
}

/** Something that results should be near to, or with a weight below 0 far from. */
export interface WeightedEmbedding {
  embedding: Float32Array;
  weight: number;
}

export interface SearchRequest {
  /** What the person typed, in the query language of docs/QUERY.md. Empty: every image. */
  text?: string;
  /** Embeddings of the pictures that `image:NAME` terms of the text name, by name. */
  images?: Record<string, Float32Array>;
  /** Image ids to find more like; with `-` before an id, unlike. */
  like?: string[];
  /** Embeddings of pictures given as queries, each of length `dim`, L2-normalised; of weight 1 if none is given. */
  embeddings?: (Float32Array | WeightedEmbedding)[];
  /** Whether to look for results of this page that show the same picture. */
  group?: boolean;
  /**
   * Whether the pages of an object are one result: the best of them, or the first one if nothing ranks the results. If it is given, true or
   * false, results say which page they are.
   */
  byObject?: boolean;
  /** Whether the answer includes what the grid needs for each result. */
  infos?: boolean;
  mode: Mode;
  filters?: Filter[];
  sort?: Sort;
  /** How many results to return (default: what `k:` in the text says, else 20), and from which rank on. */
  k?: number;
  offset?: number;
}

/** One found image, with the reasons why it was found. */
export interface Result {
  /** Position in the site's files. It may change from build to build. */
  row: number;
  /** Fused score; higher is better. Comparable within one response only. */
  score: number;
  /** Cosine similarity to the query, if meaning was searched: of the picture, or of the text of a record without one. −1 without an embedding. */
  similarity?: number;
  /** Rank, from 0, in each arm that found the image. */
  ranks?: { meaning?: number; words?: number };
  /** The words of the query (at most 8) that occur in the image's text, if words were searched. */
  matched?: string[];
  /** Whether the embedding alone makes it a likely match, if meaning was searched. */
  close?: boolean;
  /** Whether the result is before the response's `divide`. */
  likely?: boolean;
  /** With `group`: the row of an earlier result of this page that shows the same picture. */
  duplicateOf?: number;
  /** With `byObject`: which page of its object it is, from 1, if the object has several. */
  page?: { number: number; of: number };
}

/**
 * A message for the person who searches.
 * `fts-syntax`: the query is not a valid FTS5 expression; `suggestion` searches for its words instead.
 * `sort`: the query asks for an order that the collection does not have.
 * `unknown-text`: the model knows nothing of a text, so it is not searched by meaning.
 */
export interface Notice {
  kind: "fts-syntax" | "sort" | "no-model" | "unknown-text" | "truncated" | "info";
  message: string;
  suggestion?: string;
  /** A file could not be loaded; searching again may help. */
  retry?: true;
}

/** The answer to a search. */
export interface SearchResponse {
  results: Result[];
  /** How many images match in all, or null if the query ranks the whole collection. With `byObject` how many objects; an image without other pages is one. */
  total: number | null;
  /** With `byObject`, if the total is known: how many images match. */
  pictures?: number;
  /** How many of them have all the words, if words were searched; the others have only some. 0 if a word could not be loaded: a notice names it. */
  strictTotal?: number;
  /** How many results, from the first, are likely matches; absent if the order is not that of relevance. */
  divide?: number;
  /**
   * `words`: full text only, while meaning is loading. `static`: meaning from one vector per token,
   * while the model is loading. `final`: no better answer will follow.
   */
  stage: "words" | "static" | "final";
  notices: Notice[];
  /** How long the search took, in milliseconds. */
  elapsedMs: number;
}

/** A response as it leaves the engine. */
export interface Answer extends SearchResponse {
  /** What the grid needs for each result, if the request asked for it. */
  infos?: RowInfo[];
}

/** What the grid needs for one row, from the `rows` blocks. */
export interface RowInfo {
  row: number;
  id: string;
  width: number;
  height: number;
  /** The file and byte range of the thumbnail; null if there is none. */
  thumbnail: { url: string; offset: number; length: number } | null;
  /** ThumbHash bytes; empty if there is none. */
  placeholder: Uint8Array;
  /** It is kept on this device only; the thumbnail's address then is an object URL. */
  local?: true;
}

/** How far one step of loading has come. */
export interface LoadProgress {
  step: "manifest" | "rows" | "vectors" | "catalog" | "runtime" | "model" | "image-tower" | "tokens" | "column" | "documents";
  /** Bytes received and expected, as transferred. */
  loaded: number;
  total: number;
  done: boolean;
}

/** A value of a field, and how many images have it. */
export interface FacetCount {
  value: string;
  count: number;
  /** The value is a path, and there are paths below it. */
  parent?: true;
  /** The count is estimated: there are more than 100,000 images to count among, or more than 256 for the tags of a large collection. */
  about?: true;
}

/** How many images have a number or date in each of some bins. */
export interface Histogram {
  counts: number[];
  /** Whether all of the values are whole numbers. */
  whole: boolean;
  /** The counts are estimated, as those of a FacetCount. */
  about?: true;
}

/** How many results of a list that is ordered by date begin on each day, in the order of the list. */
export interface Timeline {
  /** How many results stand before all others, because they were added on this device. */
  added: number;
  /** The days, from 1970-01-01 = 0. */
  days: Int32Array;
  /** Whether the dates are days or less (0), months (1) or years (2). A day has a line for each. */
  precisions: Uint8Array;
  counts: Uint32Array;
  /** How many results have no date: they come last. */
  undated: number;
}

/** A completion of what a person is typing. */
export interface Suggestion {
  kind: "word" | "value";
  /** The whole query after the completion. */
  text: string;
  shown: string;
  /** How many images have the word. */
  count?: number;
  /** The label of the field that has the value. */
  field?: string;
}

/** A block of rows of the map of meaning. */
export interface MapBlock {
  /** The first row, and how many rows there are. */
  first: number;
  count: number;
  /** x, y of each row; with three dimensions x, y, z and 0. Coordinates are 0 to 65,534; 65,535 everywhere: the row is not on the map. */
  points: Uint16Array;
  /** The number of each row's topic; 65,535: none. */
  topics: Uint16Array;
}

/**
 * A field's values as places in a table of colours. `values`: the place of a value in the list, 254 for other values. `scale`: from 0 for the least
 * number to 253 for the greatest. 255: no value.
 */
export type Classes =
  | { kind: "values"; classes: Uint8Array; values: { value: string; count: number }[] }
  | { kind: "scale"; classes: Uint8Array; min: number; max: number };

/** The query with its unknown words corrected. */
export interface Correction {
  text: string;
  changes: { from: string; to: string }[];
}

/** `highlight` marks matched words: alternating plain and matched pieces, starting with a plain one. */
export interface Highlight {
  field: string;
  pieces: string[];
}

/** The values of one field; null: not counted. */
export interface FieldStats {
  name: string;
  label: string;
  type: FieldDefinition["type"];
  /** How many images have a value, and how many have none. */
  rows: number | null;
  missing: number | null;
  /** How many different values there are: tags, categories and booleans only. */
  distinct: number | null;
  /** The smallest and greatest number, or the first and last second of the dates. */
  min: number | string | null;
  max: number | string | null;
  /** The most frequent values, dates by year. */
  values: { value: string; count: number }[];
}

/** What a collection holds. */
export interface Stats {
  /** How many images there are. */
  count: number;
  /** What identifies the state of the collection. */
  hash: string;
  fields: FieldStats[];
}

/** A value of a field of type `tags`. */
export interface Tag {
  /** The number that the HTTP API knows it by. */
  id: number;
  name: string;
  /** The name of the field. */
  category: string;
  /** How many images have it. */
  count: number;
}

/** What the makers of the model say about it. */
export interface ModelCard {
  /** In one line. */
  description: string;
  /** The card itself, in Markdown. */
  text: string;
}

/** One batch of a seeded split. */
export interface Batch {
  /** How many images the parts for training, validation and test have. */
  images: [number, number, number];
  rows: number[];
}
