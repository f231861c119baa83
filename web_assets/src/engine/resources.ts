/** The files of one published site, decoded: each is fetched when first needed, and once. */
import { pause } from "../base/async";
import { part } from "../base/errors";
import { SiteTerms, TermsText, type FullText } from "../catalog/index";
import { Encoder, TokenTable } from "../encoder/index";
import {
  FormatError, readModelIndex, readTagIndex, readTags, readModelWords, readWords,
  type Column, type FieldDefinition, type FileEntry, type ImageDocument, type Manifest, type ModelIndex, type NumberedTag, type WordsFile,
} from "../format/index";
import type { Assets } from "./assets";
import type { ColumnSource } from "./column-source";
import { QueryError } from "./errors";
import type { SiteFiles } from "./files";
import { loadCoarse, loadFlat } from "./flat";
import { foldedWords } from "./longer-words";
import { Shared } from "./lru";
import type { Stage } from "./line";
import type { Nearest } from "./nearest";
import type { SiteMap } from "./map/map";
import type { SiteObjects } from "./objects/objects";
import type { DefaultOrder } from "./order";
import { Published, type PublishedOptions } from "./published";
import type { Calibration } from "./relevance";
import type { SiteRows } from "./rows";
import type { Loaded } from "./typing";
import type { LoadProgress, ModelCard, RowInfo } from "./types";
import { SiteValues } from "./values";

export interface ResourceOptions extends PublishedOptions {
  assets: Assets;
}

/** Milliseconds in which the page can request the pictures of an answer before anything of a later stage is loaded or started. */
const PICTURES_FIRST_MS = 300;
/** Milliseconds after which the model starts even if there is no answer by words yet. */
const MODEL_WAITS_MS = 4000;

/** What a search needs from a collection. A visitor's additions are appended as further rows. */
export type Resources = Pick<SiteResources, Exclude<keyof SiteResources, "rows" | "imageModelSize" | "modelCard" | "numberedTags" | "pictures" | "prepare" | "read">>;

export class SiteResources {
  readonly manifest: Manifest;
  /** The default order of the published rows. */
  readonly order: DefaultOrder;
  /** The published rows and their ids. */
  readonly rows: SiteRows;
  private readonly files: SiteFiles;
  private terms: SiteTerms | null = null;
  private readonly single = new Shared<unknown>();
  private loadedCatalog: FullText | null = null;
  private loadedEncoder: Encoder | null = null;
  private loadedNearest: Nearest | null = null;
  private loadedWords: ReadonlySet<string> | null = null;
  private refined = false;
  private modelTurn: Promise<void> = Promise.resolve();

  /** Searches of the rows of `site`. */
  constructor(private readonly site: Published, private readonly assets: Assets) {
    this.manifest = site.manifest;
    this.order = site.order;
    this.rows = site.rows;
    this.files = site.files;
    // The first search should not wait for this part of the program, too.
    if (this.manifest.vectors?.tier === "cells") import("./cells/cells").catch(() => undefined);
  }

  /** @param url the site's folder, its manifest.json or one of its pages */
  static async open(url: string, options: ResourceOptions): Promise<SiteResources> {
    return new SiteResources(await Published.open(url, options), options.assets);
  }

  get count(): number {
    return this.manifest.collection.count;
  }

  /** How many rows are published; they come first. */
  get published(): number {
    return this.manifest.collection.count;
  }

  /** What is known about the similarities of the model; null without one. */
  get calibration(): Calibration | null {
    return this.manifest.model;
  }

  field(name: string): FieldDefinition {
    const field = this.manifest.fields.find((field) => field.name === name);
    if (!field) throw new QueryError(`The collection has no field “${name}”.`);
    return field;
  }

  /** The row of an image id; null if the collection does not have it. */
  rowOf(id: string): Promise<number | null> {
    return this.rows.rowOf(id);
  }

  /**
   * What the grid needs for each of `rows`.
   * @param meaning whether they are results of a search by meaning
   */
  infos(rows: readonly number[], meaning = false): Promise<RowInfo[]> {
    return this.rows.infos(rows, this.loadedNearest?.drawn, meaning);
  }

  async document(row: number): Promise<ImageDocument> {
    return await this.site.document(row);
  }

  /** A field's values for every row. Throws QueryError if it has no column. */
  async column(name: string): Promise<Column> {
    return await (await this.columnSource(name)).whole();
  }

  /** A field's values by blocks of rows. Throws QueryError if it has no column. */
  async columnSource(name: string): Promise<ColumnSource> {
    const source = (await this.columnSources()).get(name);
    if (!source) throw new QueryError(`Cannot filter or sort by “${this.field(name).label}”.`);
    return source;
  }

  /** Full text, which loads what a query needs. */
  catalog(): Promise<FullText> {
    return this.once("catalog", () => {
      const { catalog } = this.manifest;
      const terms = new SiteTerms(catalog, (entry) => this.load(entry, "catalog"), async (entries) => {
        const contents: Uint8Array[] = [];
        await this.files.loadAll(entries, "catalog", (content, place) => { contents[place] = content; });
        return contents;
      });
      this.terms = terms;
      this.loadedCatalog = new TermsText(terms, catalog.columns);
      return Promise.resolve(this.loadedCatalog);
    });
  }

  /** Load what a first search needs, in the order in which searches need it, but start nothing. */
  async prepare(): Promise<void> {
    const text = this.catalog().then(() => this.terms?.prepare());
    const meaning = this.encoder() && [this.rough(), this.nearest(), this.modelWords(), this.loadedEncoder?.fetch()];
    await Promise.all([text, this.words(), ...meaning ?? []]);
  }

  /** Similarities over all rows. Throws QueryError if the collection has no vectors. */
  nearest(): Promise<Nearest> {
    const { vectors } = this.manifest;
    if (!vectors) throw new QueryError("This collection has no vectors, so it can only be searched by words.");
    return this.once("vectors", async () => {
      if (vectors.tier === "cells") {
        this.loadedNearest = await (await part(import("./cells/cells"), "loadCells")).loadCells(this.files, vectors);
        return this.loadedNearest;
      }
      const loaded = await loadFlat(this.files, vectors);
      // There is one copy of the vectors in memory.
      this.refined = true;
      this.single.forget("coarse vectors");
      return loaded;
    });
  }

  /** Similarities for a first answer: those of coarse codes if the site has them, until the others have loaded. */
  rough(): Promise<Nearest> {
    const { vectors } = this.manifest;
    const coarse = vectors?.tier === "flat" && vectors.coarse;
    return coarse && !this.refined ? this.once("coarse vectors", () => loadCoarse(this.files, vectors, coarse)) : this.nearest();
  }

  /** The map of meaning. Throws QueryError if the site has none. */
  map(): Promise<SiteMap> {
    return this.once("map", async () => (await part(import("./map/map"), "openMap")).openMap(this.manifest, this.files));
  }

  /** The objects that have several pages. Null if there are none. */
  objects(): Promise<SiteObjects | null> {
    return this.once("objects", async () => this.manifest.objects ? (await part(import("./objects/objects"), "openObjects")).openObjects(this.manifest, this.files) : null);
  }

  /** The model, its parts not yet loaded; null if the site has none. */
  encoder(): Encoder | null {
    const { model, vectors } = this.manifest;
    if (!model || !vectors || model.dim !== vectors.dim) return null;
    this.loadedEncoder ??= new Encoder({
      dim: model.dim,
      pack: async () => (await this.modelIndex()).pack,
      load: (file) => this.packFile(file),
      staticTable: this.staticTable(),
      runtime: () => this.files.other("runtime", this.assets.runtime),
      turn: () => this.modelTurn,
    });
    return this.loadedEncoder;
  }

  /**
   * Load nothing of a later stage, and do not start the model, before an answer is there, so that nothing delays it. The answer must
   * not need a later stage itself.
   */
  first(stage: Stage, answer: Promise<unknown>): void {
    const shown = answer.then(() => Promise.race([pause(PICTURES_FIRST_MS), this.site.picturesShown()]), () => undefined);
    this.files.line.expect(stage, shown);
    if (stage === "words") this.modelTurn = Promise.race([shown, pause(MODEL_WAITS_MS)]);
  }

  /** Whether pictures that are on screen are being loaded: what is not needed for them waits. */
  pictures(loading: boolean): void {
    this.site.pictures(loading);
  }

  /** The card of the model; null without a model. */
  async modelCard(): Promise<ModelCard | null> {
    if (!this.manifest.model) return null;
    const { pack: { card, description } } = await this.modelIndex();
    return { description, text: new TextDecoder().decode(await this.packFile(card)) };
  }

  /** Frequent words that the model knows, most frequent first; null if it has none. */
  async modelWords(): Promise<readonly string[] | null> {
    const file = this.manifest.model?.words;
    if (!file) return null;
    return await this.once("model words", async () => {
      const words = readModelWords(await this.files.load(file, "model", "coarse"));
      this.loadedWords = new Set(words);
      return words;
    });
  }

  /** The static rows of the model; null if it has none. */
  private staticTable(): TokenTable | null {
    const { model } = this.manifest;
    if (!model?.static) return null;
    const { files, rows, rows_per_shard } = model.static;
    const list = this.files.list(files, "tokens");
    return new TokenTable({ rows, rows_per_shard, width: model.dim }, (shard) => this.files.loadListed(list, shard, "tokens"));
  }

  /** The stored size of the image tower in bytes; null without a model. */
  async imageModelSize(): Promise<number | null> {
    if (!this.encoder()) return null;
    const { pack, files } = await this.modelIndex();
    return files.get(pack.image.file)?.bytes ?? null;
  }

  /** The words of the collection's texts, folded, most frequent first. */
  async foldedWords(): Promise<readonly string[]> {
    const file = await this.words();
    return file ? foldedWords(file.words) : [];
  }

  /** The words of the collection's texts; null if the site has none. */
  async words(): Promise<WordsFile | null> {
    const { suggestions } = this.manifest;
    return suggestions ? await this.once("words", async () => readWords(await this.load(suggestions.file, "catalog"))) : null;
  }

  /** The parts that text searches need, as far as they are loaded. */
  get loaded(): Loaded {
    return { catalog: this.loadedCatalog, words: this.loadedWords, encoder: this.encoder() };
  }

  /** The tags that have numbers; null if the site has no table of them. */
  async numberedTags(): Promise<NumberedTag[] | null> {
    const { tags } = this.manifest;
    if (!tags) return null;
    const index = readTagIndex(await this.load(tags, "column"));
    const found: NumberedTag[][] = [];
    await this.files.loadAll(index.blocks.map(({ file }) => file), "column", (content, place) => { found[place] = readTags(content, index.blocks[place]!); });
    return found.flat();
  }

  /** The content of a file that is read once. */
  read(entry: FileEntry, step: LoadProgress["step"]): Promise<Uint8Array<ArrayBuffer>> {
    return this.load(entry, step);
  }

  async close(): Promise<void> {
    await this.loadedEncoder?.close();
  }

  private columnSources(): Promise<ReadonlyMap<string, ColumnSource>> {
    return this.once("columns", async () => {
      const columns = await this.site.columns();
      return new Map(Array.from(columns.entries, ([name, { values }]) => [name, columns.column(name, values && new SiteValues(values, this.count, this.files))!]));
    });
  }

  private async modelIndex(): Promise<ModelIndex> {
    const { model } = this.manifest;
    if (!model) throw new QueryError("This collection has no model.");
    return await this.once("model", async () => readModelIndex(await this.files.load(model.file, "model", "coarse"), model));
  }

  private async packFile(name: string): Promise<Uint8Array> {
    const { pack, files } = await this.modelIndex();
    const entry = files.get(name);
    if (!entry) throw new FormatError(`The site lacks the model's file “${name.slice(0, 80)}”.`);
    if (pack.image.file === name) return await this.load(entry, "image-tower");
    if (pack.tokens.shards.includes(name)) return await this.files.load(entry, "tokens", this.manifest.model?.static ? "refine" : "coarse");
    // The other files are needed for a first answer already.
    const tower = pack.text.file === name || pack.text.weights?.includes(name);
    return await this.files.load(entry, "model", tower ? "refine" : "coarse");
  }

  private load(entry: FileEntry, step: LoadProgress["step"]): Promise<Uint8Array<ArrayBuffer>> {
    return this.files.load(entry, step);
  }

  private once<T>(key: string, make: () => Promise<T>): Promise<T> {
    return this.single.get(key, make) as Promise<T>;
  }
}
