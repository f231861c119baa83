/** The files of one published site, decoded: each is fetched when first needed, and once. */
import { Catalog, loadSqlite } from "../catalog/index";
import { Encoder, Vocabulary } from "../encoder/index";
import {
  FormatError, hex, loadFile, loadJson, placeholderAt, readColumn, readDocuments, readIds, readManifest, readRows, readVectors, readVocabulary, readWords,
  type Column, type FieldDefinition, type FileEntry, type Ids, type ImageDocument, type Manifest, type RowsBlock, type WordsFile,
} from "../format/index";
import { createScanner, SimilarityIndex, type Similarities } from "../kernel/index";
import type { Assets } from "./assets";
import { QueryError } from "./errors";
import { Shared } from "./lru";
import { Meter } from "./progress";
import type { AtHand } from "./typing";
import type { LoadProgress, RowInfo } from "./types";

export interface ResourceOptions {
  fetch: typeof fetch;
  assets: Assets;
  onProgress?: (progress: LoadProgress) => void;
  signal?: AbortSignal;
}

const DOCUMENT_BLOCKS = 64;
const ROW_BLOCKS = 256;
/** Milliseconds that the page gets to ask for the rows of an answer by words before the model starts. */
const SHOW = 150;
/** Milliseconds after which the model starts, whatever became of the words. */
const MODEL_WAITS = 4000;

/** What a search asks of a collection; `engine/additions` has another answer, with more rows. */
export type Resources = Pick<SiteResources, Exclude<keyof SiteResources, "withoutAdditions" | "atHand">>;

export class SiteResources {
  private readonly blocks = new Shared<RowsBlock>(ROW_BLOCKS);
  private readonly documentBlocks = new Shared<ImageDocument[]>(DOCUMENT_BLOCKS);
  private readonly columns = new Shared<Column>();
  private readonly single = new Shared<unknown>();
  private loadedCatalog: Catalog | null = null;
  private loadedEncoder: Encoder | null = null;
  private loadedVocabulary: Vocabulary | null = null;
  private modelTurn: Promise<void> = Promise.resolve();

  private constructor(
    readonly manifest: Manifest, private readonly base: string,
    private readonly options: ResourceOptions, private readonly meter: Meter,
  ) {}

  /** @param url the site's folder, its manifest.json or one of its pages */
  static async open(url: string, options: ResourceOptions): Promise<SiteResources> {
    const base = manifestUrl(url);
    const meter = new Meter((progress) => options.onProgress?.(progress));
    const { fetch, signal } = options;
    const value = await meter.track("manifest", 0, (onProgress) =>
      loadJson(base, { fetch, onProgress, ...(signal ? { signal } : {}) }));
    return new SiteResources(readManifest(value), base, options, meter);
  }

  get count(): number {
    return this.manifest.collection.count;
  }

  /** How many rows are published, the first ones. */
  get published(): number {
    return this.manifest.collection.count;
  }

  /** What turns similarities of the collection's model into logits; null without a model. */
  get temperature(): number | null {
    return this.manifest.model?.pack.calibration.temperature ?? null;
  }

  field(name: string): FieldDefinition {
    const field = this.manifest.fields.find((field) => field.name === name);
    if (!field) throw new QueryError(`The collection has no field “${name}”.`);
    return field;
  }

  ids(): Promise<Ids> {
    return this.once("ids", async () => readIds(await this.load(this.manifest.ids, "rows"), this.count));
  }

  /** What the grid needs of each of `rows`. */
  async infos(rows: readonly number[]): Promise<RowInfo[]> {
    const { extension } = this.manifest.thumbnails;
    const folder = new URL("thumbs/", this.base).href;
    const [ids, blocks] = await Promise.all([this.ids(), Promise.all(rows.map((row) => this.block(row)))]);
    return rows.map((row, i): RowInfo => {
      const block = blocks[i]!;
      const at = row - block.first;
      const name = hex(block.pack.subarray(8 * at, 8 * at + 8));
      const length = block.length[at]!;
      return {
        row,
        id: ids.at(row),
        width: block.width[at]!,
        height: block.height[at]!,
        thumbnail: length ? { url: `${folder}${name}.${extension}`, offset: block.offset[at]!, length } : null,
        placeholder: placeholderAt(block, at),
      };
    });
  }

  async document(row: number): Promise<ImageDocument> {
    const { block, files } = this.manifest.documents;
    const number = Math.floor(row / block);
    const documents = await this.documentBlocks.get(String(number), async () =>
      readDocuments(await this.load(files[number]!, "documents"), Math.min(block, this.count - number * block)));
    return documents[row - number * block]!;
  }

  /** A field's values for every row. Throws QueryError where it has no column. */
  async column(name: string): Promise<Column> {
    const field = this.field(name);
    const { column } = field;
    if (!column) throw new QueryError(`The field “${field.label}” can neither be filtered nor sorted.`);
    return await this.columns.get(name, async () => readColumn(await this.load(column, "column"), field.type, this.count));
  }

  catalog(): Promise<Catalog> {
    return this.once("catalog", async () => {
      const { file, columns, tokenize } = this.manifest.catalog;
      const content = this.load(file, "catalog");
      // Both at once; a failure of one is not left unheard while the other goes on.
      content.catch(() => undefined);
      const sqlite = () => this.meter.track("catalog", 0, this.options.assets.sqlite);
      const [, bytes] = await Promise.all([loadSqlite(sqlite), content]);
      this.loadedCatalog = await Catalog.open({ sqlite, file: bytes, columns, tokenize });
      return this.loadedCatalog;
    });
  }

  /** Take rows that were appended out of full text again. */
  withoutAdditions(): void {
    this.loadedCatalog?.append(this.count, []);
  }

  /** Exact similarity over all rows. Throws QueryError where the collection has no vectors. */
  similarity(): Promise<Similarities> {
    const { vectors } = this.manifest;
    if (!vectors) throw new QueryError("This collection has no vectors: it can only be searched by words.");
    return this.once("vectors", async () => {
      const read = readVectors(await this.load(vectors.file, "vectors"));
      if (read.count !== this.count || read.dim !== vectors.dim) throw new FormatError("The vectors are not those the manifest announces.");
      return new SimilarityIndex(await createScanner(read.codes, read.count, read.paddedDim), read);
    });
  }

  /** The model pack, its parts not yet loaded; null where the site has none. */
  encoder(): Encoder | null {
    const { model, vectors } = this.manifest;
    if (!model || !vectors || model.pack.dim !== vectors.dim) return null;
    this.loadedEncoder ??= new Encoder({
      pack: model.pack,
      load: (file) => this.packFile(file),
      runtime: () => this.meter.track("runtime", 0, this.options.assets.runtime),
      turn: () => this.modelTurn,
    });
    return this.loadedEncoder;
  }

  /** Let the model start only when `first` is done, so that an answer by words is not kept waiting by it. */
  modelAfter(first: Promise<unknown>): void {
    const shown = first.then(() => pause(SHOW), () => undefined);
    this.modelTurn = Promise.race([shown, pause(MODEL_WAITS)]);
  }

  /** Precomputed word embeddings; null where the model has none. */
  async vocabulary(): Promise<Vocabulary | null> {
    const pack = this.manifest.model?.pack;
    const file = pack?.vocabulary?.file;
    if (!pack || !file) return null;
    return await this.once("vocabulary", async () => {
      this.loadedVocabulary = new Vocabulary(readVocabulary(await this.packFile(file)), pack.dim);
      return this.loadedVocabulary;
    });
  }

  /** The words of the collection's texts; null where the site has none. */
  async words(): Promise<WordsFile | null> {
    const { suggestions } = this.manifest;
    return suggestions ? await this.once("words", async () => readWords(await this.load(suggestions.file, "catalog"))) : null;
  }

  /** What is loaded by now of what texts are searched with. */
  get atHand(): AtHand {
    return { catalog: this.loadedCatalog, vocabulary: this.loadedVocabulary, encoder: this.encoder() };
  }

  async close(): Promise<void> {
    this.loadedCatalog?.close();
    await this.loadedEncoder?.close();
  }

  /** The block of rows that holds `row`. */
  private block(row: number): Promise<RowsBlock> {
    const { block, files } = this.manifest.rows;
    const number = Math.floor(row / block);
    return this.blocks.get(String(number), async () => {
      const read = readRows(await this.load(files[number]!, "rows"));
      const expected = Math.min(block, this.count - number * block);
      if (read.first !== number * block || read.count !== expected) throw new FormatError("A block of rows holds other rows than the manifest says.");
      return read;
    });
  }

  private packFile(name: string): Promise<Uint8Array> {
    const entry = this.manifest.model?.files[name];
    if (!entry) throw new FormatError(`The site lacks the model's file “${name.slice(0, 80)}”.`);
    const tower = this.manifest.model?.pack.image.file === name;
    return this.load(entry, tower ? "image-tower" : name.startsWith("tokens") ? "tokens" : "model");
  }

  private load(entry: FileEntry, step: LoadProgress["step"]): Promise<Uint8Array<ArrayBuffer>> {
    return this.meter.track(step, entry.bytes, (onProgress) => loadFile(this.base, entry, { fetch: this.options.fetch, onProgress }));
  }

  private once<T>(key: string, make: () => Promise<T>): Promise<T> {
    return this.single.get(key, make) as Promise<T>;
  }
}

/** The address of the manifest of the site that `url` is a folder, a page or the manifest of. */
export function manifestUrl(url: string): string {
  const address = new URL(url);
  address.hash = "";
  if (!address.pathname.endsWith(".json")) {
    address.search = "";
    if (/\.html?$/.test(address.pathname)) address.pathname = address.pathname.replace(/[^/]*$/, "");
    if (!address.pathname.endsWith("/")) address.pathname += "/";
    address.pathname += "manifest.json";
  }
  return address.href;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}
