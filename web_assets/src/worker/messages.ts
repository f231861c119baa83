/** Everything that passes between the page and the worker: one union each way. */
import type { AdditionsState } from "../additions/types";
import type { Answer, LoadProgress } from "../engine/types";
import { FormatError, LoadError } from "../format/errors";
import type { Target } from "./methods";

/** Page to worker. */
export type ToWorker =
  | { kind: "open"; id: number; url: string; additions: boolean; search: boolean }
  /** `partial`: provisional answers are wanted. */
  | { kind: "call"; id: number; target: Target; method: string; args: unknown[]; partial: boolean }
  | { kind: "abort"; id: number }
  /** What has this thread requested? */
  | { kind: "requests"; id: number }
  /** Whether the page is loading pictures that are on screen. */
  | { kind: "pictures"; loading: boolean };

/** Worker to page. */
export type FromWorker =
  | { kind: "result"; id: number; value: unknown }
  | { kind: "partial"; id: number; response: Answer }
  | { kind: "error"; id: number; error: ErrorMessage }
  | { kind: "progress"; progress: LoadProgress }
  | { kind: "additions-changed"; state: AdditionsState }
  /** A part of the program arrived damaged. `lasting`: only another worker can load it. */
  | { kind: "damaged"; lasting: boolean };

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
