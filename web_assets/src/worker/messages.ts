/** Everything that passes between the page and the worker: one union each way. */
import { FormatError, LoadError } from "../format/errors";
import type { AddOutcome, AdditionChange, AdditionsState, ImportOutcome, NewPicture } from "../additions/types";
import type {
  Answer, Correction, FacetCount, Filter, Highlight, ImageDocument, LoadProgress, Manifest, RowInfo, SearchRequest, Suggestion,
} from "../engine/types";

/** The calls the worker answers, with their arguments and results. */
export interface Calls {
  open: { args: { url: string; additions?: boolean }; result: Manifest };
  search: { args: { request: SearchRequest; partial: boolean }; result: Answer };
  rows: { args: { rows: number[] }; result: RowInfo[] };
  document: { args: { row: number }; result: ImageDocument };
  rowOf: { args: { imageId: string }; result: number | null };
  ids: { args: Record<never, never>; result: Uint8Array };
  matching: { args: { text?: string; filters?: Filter[] }; result: Uint32Array | null };
  highlight: { args: { row: number; text: string }; result: Highlight[] };
  facets: { args: { field: string; filters?: Filter[]; text?: string; limit?: number }; result: FacetCount[] };
  range: { args: { field: string }; result: { min: number; max: number } | null };
  begin: { args: { request: SearchRequest }; result: boolean };
  embedText: { args: { text: string }; result: Float32Array };
  suggest: { args: { text: string; limit?: number }; result: Suggestion[] };
  correct: { args: { text: string }; result: Correction | null };
  embedImage: { args: { picture: PixelMessage | Blob }; result: Float32Array };
  warm: { args: Record<never, never>; result: null };
  additions: { args: Record<never, never>; result: AdditionsState };
  addPicture: { args: { picture: NewPicture }; result: AddOutcome };
  editAddition: { args: { imageId: string; change: AdditionChange }; result: null };
  removeAdditions: { args: { imageIds: string[] }; result: null };
  restoreAdditions: { args: { imageIds: string[] }; result: null };
  originalOf: { args: { imageId: string }; result: Blob };
  exportAdditions: { args: Record<never, never>; result: Blob };
  importAdditions: { args: { file: Blob }; result: ImportOutcome };
}

export interface PixelMessage {
  width: number;
  height: number;
  /** RGBA, 4 bytes a pixel. */
  data: Uint8ClampedArray;
}

export type CallName = keyof Calls;
export type Call<N extends CallName = CallName> = { [K in N]: { kind: K; id: number } & Calls[K]["args"] }[N];

/** Page to worker. */
export type ToWorker = Call | { kind: "abort"; id: number };

/** Worker to page. */
export type FromWorker =
  | { kind: "result"; id: number; value: Calls[CallName]["result"] }
  | { kind: "partial"; id: number; response: Answer }
  | { kind: "error"; id: number; error: ErrorMessage }
  | { kind: "progress"; progress: LoadProgress }
  | { kind: "additions-changed"; state: AdditionsState };

export interface ErrorMessage {
  name: string;
  message: string;
  load?: { url: string; status: number; retryable: boolean };
}

export function encodeError(error: unknown): ErrorMessage {
  if (error instanceof LoadError) {
    const { name, message, url, status, retryable } = error;
    return { name, message, load: { url, status, retryable } };
  }
  if (error instanceof Error || error instanceof DOMException) return { name: error.name, message: error.message };
  return { name: "Error", message: String(error) };
}

export function decodeError({ name, message, load }: ErrorMessage): Error {
  if (load) return new LoadError(message, load.url, load.status, load.retryable);
  if (name === "FormatError") return new FormatError(message);
  if (name === "AbortError") return new DOMException(message, name);
  const error = new Error(message);
  error.name = name;
  return error;
}
