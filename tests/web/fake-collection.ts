/** A collection without files, for tests of the interface. It answers like a real one, from an array. */
import type { Collection, SearchOptions } from "../../web_assets/src/api/types";
import type {
  Answer, Batch, Classes, Correction, Download, FacetCount, FieldDefinition, Filter, Highlight, ImageDocument, LoadProgress, Manifest, MapBlock, MapTopic, ModelCard, Result, RowInfo, SearchRequest, Stats, Suggestion, Tag, Timeline,
} from "../../web_assets/src/engine/types";

export interface FakeImage {
  document: ImageDocument;
  thumbnail: RowInfo["thumbnail"];
  placeholder: Uint8Array;
}

const entry = (path: string, bytes = 1000) => ({ path, bytes, raw_bytes: bytes, sha256: "0".repeat(64) });
const index = (path: string) => ({ ...entry(path), index: true });
const list = (path: string) => ({ count: 1, index: index(path) });

export function fakeManifest(images: FakeImage[], fields: FieldDefinition[]): Manifest {
  return {
    format: "imagedb-site", version: 2, generator: "imagedb-site 0.0",
    collection: {
      title: "Fake collection", description: "Pictures that are not there.", count: images.length,
      hash: "0".repeat(64), source: "folder", attribution: [{ text: "Nobody", url: "https://example.org/", licence: "CC0-1.0" }],
    },
    fields, list: { title: null, text: null, columns: [] },
    columns: fields.some(({ column }) => column) ? index("data/columns.0000000000000000.bin") : null,
    rows: { block: 256, files: list("data/rows-index.0000000000000000.bin") },
    ids: { digits: 0, files: list("data/ids-index.0000000000000000.bin") },
    order: null,
    thumbnails: { size: 320, extension: "webp", count: images.length, bytes: 1 },
    views: null, originals: "none", remote: null, tags: null,
    documents: { block: 128, files: list("data/documents-index.0000000000000000.bin") }, downloads: null,
    catalog: {
      tier: "postings", columns: ["title"], tokenize: "porter unicode61", count: images.length, tokens: 3 * images.length, ranked: false, bytes: 1000,
      terms: { count: 9, first: entry("data/first-terms.0000000000000000.bin"), files: list("data/terms-index.0000000000000000.bin") },
      places: { files: list("data/places-index.0000000000000000.bin") }, pieces: null,
      lengths: { block: 16_384, files: list("data/lengths-index.0000000000000000.bin") },
    },
    vectors: {
      tier: "flat", codec: "int8", source: "pictures", missing: null, count: images.length, dim: 4, block: 4096, quantizer: entry("data/quantizer.0000000000000000.bin"),
      files: list("data/vectors-index.0000000000000000.bin"),
    },
    model: null, suggestions: null, program: index("data/program.0000000000000000.bin"), examples: ["sunflower", "a wild cat", "something to play music on"], bytes: 12_300_000,
    checksum: "0".repeat(64),
  };
}

export class FakeCollection implements Collection {
  readonly manifest: Manifest;
  /** Milliseconds before the final response; a provisional one comes at once. */
  delay = 0;
  /** Errors to throw, by method, once each. */
  readonly failures = new Map<string, Error>();
  readonly calls: { method: string; argument: unknown }[] = [];
  readonly #listeners = new Set<(progress: LoadProgress) => void>();

  constructor(readonly images: FakeImage[], fields: FieldDefinition[] = [], manifest?: Manifest) {
    this.manifest = manifest ?? fakeManifest(images, fields);
  }

  async search(request: SearchRequest, { signal, onPartial }: SearchOptions = {}): Promise<Answer> {
    this.#called("search", request);
    const matching = this.#matching(request);
    const ranked = Boolean(request.text ?? request.like);
    const respond = (rows: number[], stage: Answer["stage"]): Answer => {
      const shown = rows.slice(request.offset ?? 0, (request.offset ?? 0) + (request.k ?? 20));
      return {
        results: shown.map((row, i): Result => ({
          row, score: 1 / (i + 1), ...(ranked ? { similarity: 0.4 - i / 1000, ranks: { meaning: i, words: i } } : {}),
        })),
        ...(request.infos ? { infos: shown.map((row) => this.#info(row)) } : {}),
        total: ranked && request.mode !== "words" ? null : rows.length, stage, notices: [], elapsedMs: 1,
      };
    };
    if (request.text?.includes('"') && request.mode === "words") {
      return {
        ...respond([], "final"), total: 0,
        notices: [{ kind: "fts-syntax", message: "The quotation mark is never closed.", suggestion: `"${request.text.replaceAll('"', "")}"` }],
      };
    }
    if (this.delay) {
      onPartial?.(respond(matching, "words"));
      await new Promise((resolve) => setTimeout(resolve, this.delay));
      signal?.throwIfAborted();
    }
    return respond(ranked && request.mode !== "words" ? this.#ranked(matching) : matching, "final");
  }

  rows(rows: number[]): Promise<RowInfo[]> {
    this.#called("rows", rows);
    return Promise.resolve(rows.map((row) => this.#info(row)));
  }

  document(row: number): Promise<ImageDocument> {
    this.#called("document", row);
    return Promise.resolve(this.images[row]!.document);
  }

  rowOf(id: string): Promise<number | null> {
    const row = this.images.findIndex((image) => image.document.id === id);
    return Promise.resolve(row < 0 ? null : row);
  }

  ids(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(8 * this.images.length));
  }

  matching(): Promise<Uint32Array | null> {
    return Promise.resolve(null);
  }

  highlight(row: number, text: string): Promise<Highlight[]> {
    return Promise.resolve(Object.entries(this.images[row]!.document.fields).flatMap(([field, value]) => {
      if (typeof value !== "string") return [];
      const pieces = value.split(new RegExp(`(${text.replace(/[^\w ]/g, "").split(" ").join("|") || "$^"})`, "i"));
      return pieces.length > 1 ? [{ field, pieces }] : [];
    }));
  }

  facets(field: string, options: { filters?: Filter[] } = {}): Promise<FacetCount[]> {
    const counts = new Map<string, number>();
    for (const row of this.#matching({ mode: "all", k: 1, filters: options.filters ?? [] })) {
      for (const value of [this.images[row]!.document.fields[field] ?? []].flat()) {
        counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
      }
    }
    return Promise.resolve([...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count));
  }

  found(): Promise<Uint8Array | null> {
    return Promise.resolve(null);
  }

  pagesOf(row: number): Promise<number[]> {
    return Promise.resolve([row]);
  }

  mapTopics(): Promise<MapTopic[]> {
    return Promise.resolve([]);
  }

  mapBlock(): Promise<MapBlock> {
    return Promise.reject(new Error("not here"));
  }

  classes(): Promise<Classes> {
    return Promise.reject(new Error("not here"));
  }

  sample(size: number): Promise<number[]> {
    return Promise.resolve(this.images.map((_, row) => row).slice(0, size));
  }

  batch(): Promise<Batch> {
    return Promise.resolve({ images: [this.images.length, 0, 0], rows: [] });
  }

  modelCard(): Promise<ModelCard | null> {
    return Promise.resolve(null);
  }

  downloads(): Promise<Download[]> {
    return Promise.resolve([]);
  }

  stats(): Promise<Stats> {
    const { count, hash } = this.manifest.collection;
    return Promise.resolve({ count, hash, fields: [] });
  }

  tag(): Promise<Tag[]> {
    return Promise.resolve([]);
  }

  range(): Promise<{ min: number; max: number } | null> {
    return Promise.resolve({ min: 1, max: 5 });
  }

  /** Every image with a date of a day in the field. */
  timeline(field: string): Promise<Timeline | null> {
    this.#called("timeline", field);
    const days = this.images.map(({ document }) => Date.parse(String(document.fields[field])) / 86_400_000);
    const known = [...new Set(days.filter((day) => !Number.isNaN(day)))].sort((a, b) => b - a);
    return Promise.resolve({
      added: 0, days: Int32Array.from(known), precisions: new Uint8Array(known.length),
      counts: Uint32Array.from(known, (day) => days.filter((other) => other === day).length), undated: days.filter(Number.isNaN).length,
    });
  }

  histogram(_: string, { edges }: { edges: number[] }): Promise<{ counts: number[]; whole: boolean }> {
    return Promise.resolve({ counts: edges.slice(1).map(() => 1), whole: true });
  }

  begin(): Promise<boolean> {
    return Promise.resolve(false);
  }

  embedText(): Promise<Float32Array> {
    return Promise.reject(new Error("not here"));
  }

  embedImage(): Promise<Float32Array> {
    return Promise.reject(new Error("not here"));
  }

  imageModelSize(): Promise<number | null> {
    return Promise.resolve(null);
  }

  suggest(text: string): Promise<Suggestion[]> {
    return Promise.resolve(text ? [{ kind: "word", text: `${text}s `, shown: `${text}s`, count: 1 }] : []);
  }

  correct(text: string): Promise<Correction | null> {
    return Promise.resolve(text.includes("dgo") ? { text: text.replace("dgo", "dog"), changes: [{ from: "dgo", to: "dog" }] } : null);
  }

  prepared = 0;

  prepare(): Promise<void> {
    this.prepared++;
    return Promise.resolve();
  }

  warm(): Promise<void> {
    return Promise.resolve();
  }

  onProgress(listener: (progress: LoadProgress) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#listeners.clear();
  }

  #info(row: number): RowInfo {
    const { document, thumbnail, placeholder } = this.images[row]!;
    return { row, id: document.id, width: document.width, height: document.height, thumbnail, placeholder };
  }

  #called(method: string, argument: unknown): void {
    this.calls.push({ method, argument });
    const failure = this.failures.get(method);
    if (failure) {
      this.failures.delete(method);
      throw failure;
    }
  }

  #matching(request: SearchRequest): number[] {
    const words = (request.text ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    return this.images.map((_, row) => row).filter((row) => {
      const { fields } = this.images[row]!.document;
      const text = JSON.stringify(fields).toLowerCase();
      return words.every((word) => text.includes(word)) && (request.filters ?? []).every((filter) => {
        if (filter.kind === "range" || filter.kind === "area" || filter.kind === "topic") return true;
        const has = [fields[filter.field] ?? []].flat().some((value) => filter.values.includes(String(value)));
        return filter.kind === "any" ? has : !has;
      });
    });
  }

  #ranked(first: number[]): number[] {
    const rest = this.images.map((_, row) => row).filter((row) => !first.includes(row));
    return [...first.slice().reverse(), ...rest];
  }
}
