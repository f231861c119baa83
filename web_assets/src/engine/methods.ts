/**
 * The methods of an open collection. The engine implements them; the worker bridge and the public library are
 * derived from this interface and its table.
 */
import type { Part } from "../base/batches";
import type { Definition } from "../base/definition";
import type { Pixels } from "../encoder/index";
import type { Answer, Batch, Classes, Correction, Download, FacetCount, Filter, Highlight, Histogram, ImageDocument, MapBlock, MapTopic, Mode, ModelCard, RowInfo, SearchRequest, Stats, Suggestion, Tag, Timeline } from "./types";

export interface SearchOptions {
  /** Aborting rejects with the signal's reason; a newer search does not abort an older one by itself. */
  signal?: AbortSignal | undefined;
  /** Called with each provisional response before the final one (stages `words`, `static`). */
  onPartial?: ((response: Answer) => void) | undefined;
}

/** The search whose results are counted (its `mode` is `all` if it is left out), and which values are listed. */
export interface FacetOptions extends Partial<Omit<SearchRequest, "k" | "offset" | "sort" | "group" | "infos">> {
  limit?: number | undefined;
  /** For a field of paths: only the paths directly below this one; an empty text for the first level. */
  under?: string | undefined;
}

/** The search whose results are counted, and the edges of the bins. */
export interface HistogramOptions extends Omit<FacetOptions, "limit" | "under"> {
  /** 2 to 1,001 rising numbers: seconds since 1970 for dates. */
  edges: number[];
}

/** The search whose results are ordered by date: in the order of `sort`, else in the default order. All results count, whatever page is asked for. */
export interface TimelineOptions extends Partial<SearchRequest> {
  /** There is no answer if the dates have more bytes than this. */
  most?: number | undefined;
}

export interface StatsOptions {
  /** The most frequent values of each field that are listed: 10 if it is left out, at most 1,000. */
  limit?: number | undefined;
  /** Whether to count texts and links, which loads their documents. */
  texts?: boolean | undefined;
  /** Count only these fields. */
  fields?: readonly string[] | undefined;
  /** Count texts and links only in the rows from the first number up to, but without, the second. */
  rows?: readonly [number, number] | undefined;
}

export interface CollectionMethods {
  /**
   * Answer a search. Rejects with QueryError for an invalid request, LoadError if a file it needs cannot be
   * loaded, and the signal's reason on abort.
   */
  search(request: SearchRequest, options?: SearchOptions): Promise<Answer>;
  /** Row information for the grid, in the order asked. */
  rows(rows: number[]): Promise<RowInfo[]>;
  /** Full metadata of one row. */
  document(row: number): Promise<ImageDocument>;
  /** The row of an image id; null if the collection has no such image. */
  rowOf(id: string): Promise<number | null>;
  /** All published image ids in row order, 8 bytes each. */
  ids(): Promise<Uint8Array>;
  /** The rows that meet filters and a query text (its conditions and any of its words), in default order; null for all. */
  matching(options?: { text?: string | undefined; filters?: Filter[] | undefined }): Promise<Uint32Array | null>;
  /** The text fields of a row with the words that matched `text`. */
  highlight(row: number, text: string): Promise<Highlight[]>;
  /**
   * The most frequent values of a field within the current result of a search: the images that meet its conditions and, in mode
   * `words`, have its words; in the other modes its likely matches, or all images that meet the conditions if none is likely. If the
   * values are paths, such as folders, every parent is listed too, and its count includes everything below it.
   */
  facets(field: string, options?: FacetOptions): Promise<FacetCount[]>;
  /** How many images of the current result, as in `facets`, have a number or date in each bin; dates count by their first second. */
  histogram(field: string, options: HistogramOptions): Promise<Histogram>;
  /** The dates of all results of a search that is ordered by a field of dates: how many begin on each day. Null if the field has no dates, or too many. */
  timeline(field: string, options?: TimelineOptions): Promise<Timeline | null>;
  /** The current result of a search, as for `facets`, as bits: bit `r & 7` of byte `r >> 3` for row r. Null for all rows. */
  found(request: Partial<SearchRequest>): Promise<Uint8Array | null>;
  /** The rows of all pages of the object that a row belongs to, in their order; the row alone if it is the only page. */
  pagesOf(row: number): Promise<number[]>;
  /** The topics of the map of meaning, the largest first. Rejects with QueryError if the site has none. */
  mapTopics(): Promise<MapTopic[]>;
  /** A block of rows of the map of meaning, in 2 dimensions (the default) or 3. Rejects with QueryError if the site has none. */
  mapBlock(place: number, dimensions?: 2 | 3): Promise<MapBlock>;
  /** The values of a field as places in a table of colours; `limit` values (10, at most 32) have a place of their own. Rejects with QueryError if the site has no map. */
  classes(field: string, limit?: number): Promise<Classes>;
  /** Smallest and greatest value of a number or date field, of dates the first and last second; null if no row has one. */
  range(field: string): Promise<{ min: number; max: number } | null>;
  /**
   * How many images have each field, with its `limit` most frequent values (10, at most 1,000). Texts and links are only counted
   * with `texts`, because that loads every document.
   */
  stats(options?: StatsOptions): Promise<Stats>;
  /** The tags with this name, one for each field that has it. Case, accents, `_` and `-` do not matter. */
  tag(name: string): Promise<Tag[]>;
  /** The rows of a seeded random sample of the published images. Rejects with RangeError for a seed out of range. */
  sample(size: number, seed: number): Promise<number[]>;
  /** Batch `n`, from 0, of a part, and how many images each part has. Its rows are empty if there is no such batch. */
  batch(definition: Definition, part: Part, n: number): Promise<Batch>;
  /** The files with the metadata to download, in row order; empty if the site has none. */
  downloads(): Promise<Download[]>;
  /** The card of the model; null without a model. */
  modelCard(): Promise<ModelCard | null>;
  /**
   * Begin a search whose text is still being typed, if it ends in a known word and everything it needs is loaded:
   * `search` then gives its answer. False if nothing was begun and it is better to wait for a pause.
   */
  begin(request: SearchRequest): Promise<boolean>;
  /**
   * The embedding of a text by the model's text tower, for `SearchRequest.embeddings`: float32 [dim], L2-normalised. As in a query,
   * emoji count as their names, and what the model does not know is left out.
   * @throws QueryError if the collection has no model, or the model knows nothing of the text
   */
  embedText(text: string): Promise<Float32Array>;
  /**
   * The embedding of a picture by the model's image tower, for `SearchRequest.embeddings`: float32 [dim], L2-normalised.
   * Pixels are RGBA as displayed, 4 bytes per pixel, rows from the top. A file is decoded in the worker; without a
   * worker only pixels are accepted. Rejects with an error named `PictureError` for a file that the browser cannot read.
   */
  embedImage(picture: Pixels | Blob): Promise<Float32Array>;
  /** How many bytes of the image tower are loaded before the first picture is embedded; null without a model. */
  imageModelSize(): Promise<number | null>;
  /** Completions of what is being typed: words of the collection and values of its fields, best first. */
  suggest(text: string, limit?: number): Promise<Suggestion[]>;
  /**
   * The query with its words that occur nowhere replaced by similar ones; null if there is nothing to correct, or if the
   * corrected query would find nothing in this mode. `mode` is `all` if it is left out.
   */
  correct(text: string, mode?: Mode): Promise<Correction | null>;
  /** Load what a first search needs, in the order in which searches need it, but start nothing. */
  prepare(): Promise<void>;
  /** Load the text tower, its runtime and the vectors before the first search. */
  warm(): Promise<void>;
}
