/**
 * imagedb.js: search a published site from another page, or from Node.
 *
 *     import { open } from "https://example.org/pictures/imagedb.js";
 *     const collection = await open("https://example.org/pictures/");
 *     const { hits } = await collection.search("a red car at night", { k: 5 });
 */
import { abortable } from "../base/async";
import type {
  FacetCount, Filter, ImageDocument, LoadProgress, Manifest, Mode, Result, SearchResponse, Sort, Stats, Tag,
} from "../engine/types";
import { checkSeed, shuffled, split, type BatchOptions, type Part } from "../base/batches";
import { definitionOf, idOfShares } from "../base/definition";
import { openAnywhere } from "./anywhere";
import { loadPart } from "./files";
import type { Collection, OpenOptions } from "./types";

export { FormatError, LoadError } from "../format/errors";
export type { BatchOptions, Part } from "../base/batches";
export type { OpenOptions } from "./types";
export type {
  FacetCount, FieldDefinition, FieldValue, Filter, ImageDocument, LoadProgress, Manifest, Mode, Notice, FieldStats, Result, SearchResponse, Sort, Stats, Tag,
} from "../engine/types";

/** A found image, with everything needed to show it. */
export interface Hit extends Result {
  /** The image's stable id, 16 hexadecimal digits. */
  id: string;
  /** Pixels of the image as displayed; 0 if there is no picture. */
  width: number;
  height: number;
  /** The thumbnail: `length` bytes from `offset` in the file at `url`; null if there is none. */
  thumbnail: { url: string; offset: number; length: number } | null;
  /** Everything that is published about the image. */
  document: ImageDocument;
}

/** The answer to a query. */
export interface Hits extends Omit<SearchResponse, "results"> {
  /** The found images, best first. */
  hits: Hit[];
}

/** How to search. */
export interface QueryOptions {
  /** Which searches to run; default `all`. */
  mode?: Mode;
  /** The number of hits; default: the value of `k:` in the text, or 20. */
  k?: number;
  /** How many hits to skip. */
  offset?: number;
  /** Conditions in addition to those of the text. */
  filters?: Filter[];
  /** An order other than relevance. */
  sort?: Sort;
  /** Embeddings of the pictures that `image:NAME` terms of the text name. */
  images?: Record<string, Float32Array>;
  /** Whether to mark hits that show the same picture as an earlier one (`duplicateOf`). */
  group?: boolean;
  /**
   * Whether the pages of an object are one hit: the best of them, or the first one if nothing ranks the hits. If it is given, true or false,
   * hits say which page they are.
   */
  byObject?: boolean;
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Which random images to choose. */
export interface RandomOptions {
  /** 0 … 2³² − 1; the same seed gives the same images. */
  seed?: number;
  /** Only images that match this query text and these filters. */
  text?: string;
  filters?: Filter[];
  /** Only images with numbers in this range, both ends included. Images are numbered from 1 in row order. */
  start?: number;
  /** The greatest of these numbers. */
  end?: number;
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** One image of a batch. */
export interface BatchItem {
  row: number;
  id: string;
}

/** A seeded split of the collection into batches. Nothing is stored: the options and the image ids determine it. */
export interface Batches {
  /** SHA-256 of the image ids: the same value and options always give the same batches. */
  collection: string;
  /** The definition as one word, which gives the same batches on every site of the collection; null if the options are none that it can name. */
  id: string | null;
  /** The options with their defaults filled in. */
  options: Required<BatchOptions>;
  /** How many images each part has. */
  images: Record<Part, number>;
  /** How many batches each part has. */
  count: Record<Part, number>;
  /** Batch `n` of a part, counted from 0. Throws RangeError if there is no such batch. */
  batch(part: Part, n: number): BatchItem[];
}

/**
 * Open a published site.
 * @param url the address of the site's folder or of its manifest.json; in Node also a path on the disk
 * @throws LoadError if it cannot be fetched, FormatError if it is not a site that this program reads
 */
export async function open(url: string, options: OpenOptions = {}): Promise<ImageCollection> {
  return new ImageCollection(await openAnywhere(url, options));
}

/** An open collection. Every method rejects with LoadError if a file cannot be loaded. */
export class ImageCollection {
  private readonly collection: Collection;
  private idBytes: Promise<Uint8Array> | null = null;

  /** @internal Use `open`. */
  constructor(collection: Collection) {
    this.collection = collection;
  }

  /** The site's description of itself: title, fields, files. */
  get manifest(): Manifest {
    return this.collection.manifest;
  }

  /** How many images there are. */
  get count(): number {
    return this.manifest.collection.count;
  }

  /** Answer a query in the language of docs/QUERY.md. An empty query gives all images in their default order. */
  async search(text: string, { signal, mode = "all", ...options }: QueryOptions = {}): Promise<Hits> {
    const { results, ...response } = await this.collection.search({ text, mode, images: {}, ...options }, cancel(signal));
    return { ...response, hits: await this.hits(results, signal) };
  }

  /** The images most similar to an image of the collection (by its id) or to an embedding. An image is never among its own results. */
  async similar(image: string | Float32Array, { signal, k = 20, offset = 0, ...options }: QueryOptions = {}): Promise<Hits> {
    const near = typeof image === "string" ? { like: [image] } : { embeddings: [image] };
    const { results, ...response } = await this.collection.search({ ...near, ...options, mode: "meaning", k: offset + k + 1 }, cancel(signal));
    const own = typeof image === "string" ? await this.collection.rowOf(image) : null;
    return { ...response, hits: await this.hits(results.filter(({ row }) => row !== own).slice(offset, offset + k), signal) };
  }

  /**
   * The most frequent values of a field, with their counts, within the current result of a search for `text` and `filters`: the
   * images that meet the conditions and, in mode `words`, have the words; in the other modes the likely matches, or all images that
   * meet the conditions if none is likely. If more than 100,000 images match (for tags in a
   * collection of more than 262,144 images: more than 256), the counts are estimated and say `about`. If the values are
   * paths, such as folders, every parent is listed too, and its count includes everything below it. `under` limits the list to the
   * paths directly below a path; with an empty text it is the first level.
   */
  async facets(
    field: string,
    { signal, ...options }: { text?: string; mode?: Mode; filters?: Filter[]; limit?: number; under?: string; signal?: AbortSignal } = {},
  ): Promise<FacetCount[]> {
    return await abortable(this.collection.facets(field, options), signal);
  }

  /** How many images have each field, with its most frequent values. Texts and links are only counted with `texts`, which loads every document. */
  async stats({ signal, ...options }: { limit?: number; texts?: boolean; signal?: AbortSignal } = {}): Promise<Stats> {
    return await abortable(this.collection.stats(options), signal);
  }

  /** The tags with this name, one for each field that has it, with their numbers of images. Case, accents, `_` and `-` do not matter. */
  async tag(name: string, { signal }: { signal?: AbortSignal } = {}): Promise<Tag[]> {
    return await abortable(this.collection.tag(name), signal);
  }

  /** Page `number`, from 1, of all images in the order of their numbers. Throws RangeError if there is no such page. */
  async page(number = 1, { size = 100, signal }: { size?: number; signal?: AbortSignal } = {}): Promise<Hit[]> {
    const pages = size >= 1 ? Math.ceil(this.count / size) : 0;
    if (!Number.isInteger(number) || number < 1 || number > pages) throw new RangeError(`There is no page ${number}; there are ${pages}.`);
    const first = (number - 1) * size;
    return await this.hits(Array.from({ length: Math.min(size, this.count - first) }, (_, i) => ({ row: first + i, score: 0 })), signal);
  }

  /** `count` random images. */
  async random(count = 1, { seed = 0, text = "", filters = [], start = 1, end = this.count, signal }: RandomOptions = {}): Promise<Hit[]> {
    checkSeed(seed);
    const [ids, matching] = await abortable(Promise.all([this.ids(), this.collection.matching({ text, filters })]), signal);
    const rows = (matching ?? Uint32Array.from({ length: this.count }, (_, row) => row)).filter((row) => row >= start - 1 && row < end);
    return await this.hits(shuffled(ids, rows, seed).slice(0, count).map((row) => ({ row, score: 0 })), signal);
  }

  /** The batches that an id names (`Batches.id`). Throws RangeError if it is not an id of this state of the collection. */
  async batchesOf(id: string): Promise<Batches> {
    const definition = definitionOf(id, this.manifest.collection.hash);
    if (!definition) throw new RangeError(`This collection has no batches ${id}.`);
    const { size, validation, test, seed } = definition;
    return await this.batches({ size, validation: validation / 100, test: test / 100, seed });
  }

  /** Split the collection into training, validation and test batches. */
  async batches({ size, validation = 0, test = 0, seed = 0 }: BatchOptions): Promise<Batches> {
    if (!Number.isInteger(size) || size < 1) throw new RangeError("The size of a batch must be a whole number of at least 1.");
    const ids = await this.ids();
    const parts = split(ids, { validation, test, seed });
    const each = <T>(make: (part: Part) => T): Record<Part, T> =>
      ({ train: make("train"), validation: make("validation"), test: make("test") });
    const count = each((part) => Math.ceil(parts[part].length / size));
    return {
      collection: this.manifest.collection.hash,
      id: idOfShares({ size, validation, test, seed }, this.manifest.collection.hash),
      options: { size, validation, test, seed },
      images: each((part) => parts[part].length),
      count,
      batch: (part, n) => {
        if (!Number.isInteger(n) || n < 0 || n >= count[part]) throw new RangeError(`There is no ${part} batch ${n}; there are ${count[part]}.`);
        return parts[part].slice(n * size, (n + 1) * size).map((row) => ({ row, id: idAt(ids, row) }));
      },
    };
  }

  /** The image with this id, or null if the collection does not have it. */
  async image(id: string, { signal }: { signal?: AbortSignal } = {}): Promise<Hit | null> {
    const row = await abortable(this.collection.rowOf(id), signal);
    return row === null ? null : (await this.hits([{ row, score: 0 }], signal))[0]!;
  }

  /** A hit's thumbnail, a WebP picture, or null if it has none. */
  async thumbnail({ thumbnail }: Pick<Hit, "thumbnail">, { signal }: { signal?: AbortSignal } = {}): Promise<Blob | null> {
    if (!thumbnail) return null;
    return new Blob([await loadPart(thumbnail, signal)], { type: "image/webp" });
  }

  /**
   * The embedding of a text, computed on this device by the collection's model: float32 [dim], L2-normalised. As in a query, emoji
   * count as their names, and what the model does not know is left out. It fails if the model knows nothing of the text.
   */
  async embedText(text: string): Promise<Float32Array> {
    return await this.collection.embedText(text);
  }

  /**
   * The embedding of a picture, computed on this device, for `similar` and `images`.
   * @param pixels RGBA, oriented as displayed, rows from the top
   */
  async embedImage(pixels: { width: number; height: number; data: Uint8ClampedArray }): Promise<Float32Array> {
    return await this.collection.embedImage(pixels);
  }

  /** Load the model now instead of with the first search. */
  async warm(): Promise<void> {
    await this.collection.warm();
  }

  /** Call `listener` while files are loaded. Returns a function that stops it. */
  onProgress(listener: (progress: LoadProgress) => void): () => void {
    return this.collection.onProgress(listener);
  }

  /** Stop all work and release the memory. */
  close(): void {
    this.collection.close();
  }

  private ids(): Promise<Uint8Array> {
    this.idBytes ??= this.collection.ids().catch((error: unknown) => {
      this.idBytes = null;
      throw error;
    });
    return this.idBytes;
  }

  private async hits(results: Result[], signal?: AbortSignal): Promise<Hit[]> {
    const [rows, documents] = await abortable(Promise.all([
      this.collection.rows(results.map(({ row }) => row)), Promise.all(results.map(({ row }) => this.collection.document(row))),
    ]), signal);
    return results.map((result, i) => {
      const { id, width, height, thumbnail } = rows[i]!;
      return { ...result, id, width, height, thumbnail, document: documents[i]! };
    });
  }
}

function cancel(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}

function idAt(ids: Uint8Array, row: number): string {
  return Array.from(ids.subarray(row * 8, row * 8 + 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
