/** The public library's surface: what `open(url)` gives, in browsers (through a worker) and in Node. */
import type { LocalAdditions } from "./additions";
import type { Recorded } from "../base/requests";
import type { CollectionMethods } from "../engine/methods";
import type { LoadProgress, Manifest } from "../engine/types";

export type { SearchOptions } from "../engine/methods";

export interface Collection extends CollectionMethods {
  readonly manifest: Manifest;
  /** Call `listener` with the progress of everything that loads. Returns a function that stops it. */
  onProgress(listener: (progress: LoadProgress) => void): () => void;
  /** Say whether the page is loading pictures that are on screen, so that less urgent requests wait. */
  pictures?(loading: boolean): void;
  /** What the worker has requested; null if it does not run. */
  requests?(): Promise<Recorded | null>;
  close(): void;
  /** Pictures added on this device; only if `open` was called with `additions`. */
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
  /** False if the first thing shown is a list of everything: its pictures then come before the program that searches. Only on the site's own pages. */
  search?: boolean;
}

export type Open = (url: string, options?: OpenOptions) => Promise<Collection>;
