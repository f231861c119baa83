/** The public library's surface: what `open(url)` gives, in browsers (through a worker) and in Node. */
import type { LocalAdditions } from "./additions";
import type {
  Answer, Correction, FacetCount, Filter, Highlight, ImageDocument, LoadProgress, Manifest, RowInfo, SearchRequest, Suggestion,
} from "../engine/types";

export interface SearchOptions {
  /** Aborting rejects with the signal's reason; a newer search does not abort an older one by itself. */
  signal?: AbortSignal;
  /** Called with each provisional response before the final one (stages `words`, `vocabulary`). */
  onPartial?: (response: Answer) => void;
}

export interface Collection {
  readonly manifest: Manifest;
  search(request: SearchRequest, options?: SearchOptions): Promise<Answer>;
  /** Row information for the grid; order as asked. */
  rows(rows: number[]): Promise<RowInfo[]>;
  /** Full metadata of one row. */
  document(row: number): Promise<ImageDocument>;
  /** The row of an image id; null where the collection has no such image. */
  rowOf(id: string): Promise<number | null>;
  /** All image ids in row order, 8 bytes each. */
  ids(): Promise<Uint8Array>;
  /** The rows that meet filters and a query text (its conditions and any of its words), in default order; null for all. */
  matching(options?: { text?: string; filters?: Filter[] }): Promise<Uint32Array | null>;
  /** The text fields of a row with the words that matched `text`. */
  highlight(row: number, text: string): Promise<Highlight[]>;
  /** The most frequent values of a field, within the given filters and query text (words arm). */
  facets(field: string, options?: { filters?: Filter[]; text?: string; limit?: number }): Promise<FacetCount[]>;
  /** Least and greatest value of a number or date field. */
  range(field: string): Promise<{ min: number; max: number } | null>;
  /**
   * Begin a search whose text is still being typed, if it ends in a known word and needs nothing that is yet to be
   * loaded: then there is no need to wait for a pause, and `search` gives its answer. False where nothing was begun.
   */
  begin(request: SearchRequest): Promise<boolean>;
  /** The embedding of a text by the pack's text tower, for `SearchRequest.embeddings`: float32 [dim], L2-normalised. */
  embedText(text: string): Promise<Float32Array>;
  /**
   * The embedding of a picture, computed here by the pack's image tower, for `SearchRequest.embeddings`.
   * `data` is RGBA, oriented as displayed, 4 bytes a pixel, rows from the top. A file is decoded in the worker;
   * where there is none, only pixels are taken. Rejects with an error named `PictureError` for a file that the
   * browser cannot read.
   */
  embedImage(picture: { width: number; height: number; data: Uint8ClampedArray } | Blob): Promise<Float32Array>;
  /** Completions of what is being typed: words of the collection and values of its fields, best first. */
  suggest(text: string, limit?: number): Promise<Suggestion[]>;
  /** What was probably meant by words of a query that occur nowhere; null where there is nothing to correct. */
  correct(text: string): Promise<Correction | null>;
  /** Start loading the text tower and its runtime before the first search. */
  warm(): Promise<void>;
  onProgress(listener: (progress: LoadProgress) => void): () => void;
  close(): void;
  /** Pictures of this device beside the published ones; only where `open` was asked for them. */
  readonly additions?: LocalAdditions;
}

/** How to open a site. */
export interface OpenOptions {
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Another `fetch`, in Node only; browsers use the worker's own. */
  fetch?: typeof fetch;
  /** Whether pictures can be added on this device. Only in browsers, and only on the site's own pages. */
  additions?: boolean;
}

export type Open = (url: string, options?: OpenOptions) => Promise<Collection>;
