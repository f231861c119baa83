/** A collection behind a worker: the `Collection` of browsers. */
import type {
  Answer, Correction, FacetCount, Filter, Highlight, ImageDocument, LoadProgress, Manifest, RowInfo, SearchRequest, Suggestion,
} from "../engine/types";
import { LocalAdditions } from "./additions";
import type { WorkerClient } from "../worker/client";
import type { Collection, SearchOptions } from "./types";

export class WorkerCollection implements Collection {
  readonly additions?: LocalAdditions;

  constructor(private readonly client: WorkerClient, readonly manifest: Manifest, additions = false) {
    if (additions) this.additions = new LocalAdditions(client);
  }

  search(request: SearchRequest, options: SearchOptions = {}): Promise<Answer> {
    const { signal, onPartial } = options;
    return this.client.call("search", { request, partial: onPartial !== undefined }, { signal, onPartial });
  }

  rows(rows: number[]): Promise<RowInfo[]> {
    return this.client.call("rows", { rows });
  }

  document(row: number): Promise<ImageDocument> {
    return this.client.call("document", { row });
  }

  rowOf(id: string): Promise<number | null> {
    return this.client.call("rowOf", { imageId: id });
  }

  ids(): Promise<Uint8Array> {
    return this.client.call("ids", {});
  }

  matching(options: { text?: string; filters?: Filter[] } = {}): Promise<Uint32Array | null> {
    return this.client.call("matching", options);
  }

  highlight(row: number, text: string): Promise<Highlight[]> {
    return this.client.call("highlight", { row, text });
  }

  facets(field: string, options: { filters?: Filter[]; text?: string; limit?: number } = {}): Promise<FacetCount[]> {
    return this.client.call("facets", { field, ...options });
  }

  range(field: string): Promise<{ min: number; max: number } | null> {
    return this.client.call("range", { field });
  }

  begin(request: SearchRequest): Promise<boolean> {
    return this.client.call("begin", { request });
  }

  embedText(text: string): Promise<Float32Array> {
    return this.client.call("embedText", { text });
  }

  embedImage(picture: { width: number; height: number; data: Uint8ClampedArray } | Blob): Promise<Float32Array> {
    return this.client.call("embedImage", { picture });
  }

  suggest(text: string, limit?: number): Promise<Suggestion[]> {
    return this.client.call("suggest", { text, ...(limit === undefined ? {} : { limit }) });
  }

  correct(text: string): Promise<Correction | null> {
    return this.client.call("correct", { text });
  }

  async warm(): Promise<void> {
    await this.client.call("warm", {});
  }

  onProgress(listener: (progress: LoadProgress) => void): () => void {
    return this.client.onProgress(listener);
  }

  close(): void {
    this.client.close();
  }
}
