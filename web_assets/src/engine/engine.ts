/** The engine of one published site: no DOM, the same in a worker, in Node and in tests. */
import type { Part } from "../base/batches";
import type { Definition } from "../base/definition";
import { part } from "../base/errors";
import { own } from "../base/own";
import { SyntaxProblem, textOf } from "../catalog/index";
import type { Pixels } from "../encoder/index";
import { Ahead } from "./ahead";
import type { Assets } from "./assets";
import { rangeOf } from "./columns";
import { Drawing } from "./data/drawing";
import type { TagTable } from "./data/tags";
import { missingEmoji, withNames } from "./emoji-words";
import { QueryError } from "./errors";
import { filterRows } from "./filters";
import { Shared } from "./lru";
import { both, countMask, maskOf, type Mask } from "./mask";
import type { CollectionMethods, FacetOptions, HistogramOptions, SearchOptions, StatsOptions, TimelineOptions } from "./methods";
import { MeaningArm } from "./meaning-arm";
import { SHOWN_TEXT } from "./notices";
import { highlightExpression, planText, type TextPlan } from "./plan";
import { normal, parse } from "./query/index";
import { browse } from "./browse";
import { manifestUrl, Published } from "./published";
import { SiteResources, type Resources } from "./resources";
import { search } from "./search";
import { correction, suggest, usesModel, type Finds } from "./suggest/index";
import { endsInWord } from "./typing";
import { searchWords, type WordsFound } from "./words-arm";
import type {
  Answer, Batch, Classes, Correction, Download, FacetCount, Filter, Highlight, Histogram, ImageDocument, LoadProgress, Manifest, MapBlock, MapTopic, Mode, ModelCard, RowInfo, SearchRequest, Stats, Suggestion, Tag, Timeline,
} from "./types";

export interface EngineOptions {
  assets: Assets;
  fetch?: typeof fetch;
  onProgress?: (progress: LoadProgress) => void;
  signal?: AbortSignal;
  /** Decodes a picture file to pixels; without it `embedImage` accepts only pixels. */
  decode?: (file: Blob) => Promise<Pixels>;
}

const FACET_LIMIT = 50;
/** Loaded with the first count. */
const counts = () => part(import("./counts"), "facetCounts");
/** How many current results are kept for facets. */
const REMEMBERED_RESULTS = 4;

export class Engine implements CollectionMethods {
  /** The address of the site's folder. */
  readonly address: string;
  private resources: Resources;
  /** Searches wait until it is resolved. */
  private settled: Promise<unknown> = Promise.resolve();
  private meaning: MeaningArm;
  private ahead: Ahead | null = null;
  /** Current results by their request. */
  private currents = new Shared<Mask | null>(REMEMBERED_RESULTS);
  private tags: Promise<TagTable> | null = null;
  private readonly drawing: Drawing;

  /** @param site the published rows */
  private constructor(readonly site: SiteResources, url: string, private readonly decode: EngineOptions["decode"]) {
    this.resources = site;
    this.meaning = new MeaningArm(site);
    this.drawing = new Drawing(site);
    this.address = new URL(".", manifestUrl(url)).href;
  }

  /** @param url absolute; the site's folder, its manifest.json or one of its pages */
  static async open(url: string, options: EngineOptions): Promise<Engine> {
    return Engine.over(await Published.open(url, { ...options, fetch: options.fetch ?? globalThis.fetch }), url, options);
  }

  /** Searches of a site that is open. */
  static over(published: Published, url: string, { assets, decode }: Pick<EngineOptions, "assets" | "decode">): Engine {
    return new Engine(new SiteResources(published, assets), url, decode);
  }

  /** Search these rows from now on: those of the site, or those of the site followed by others. */
  lay(resources: Resources): void {
    this.resources = resources;
    this.meaning = new MeaningArm(resources);
    this.currents = new Shared(REMEMBERED_RESULTS);
    this.ahead = null;
  }

  /** Let searches wait until the additions are known. `ready` must not reject. */
  waitFor(ready: Promise<unknown>): void {
    this.settled = ready;
  }

  get manifest(): Manifest {
    return this.resources.manifest;
  }

  /**
   * @throws QueryError for an invalid request, LoadError if a file it needs cannot be loaded,
   * the signal's reason on abort
   */
  async search(request: SearchRequest, context: SearchOptions = {}): Promise<Answer> {
    const { ahead } = this;
    if (ahead?.is(request)) {
      this.ahead = null;
      return await ahead.give(context);
    }
    await this.settled;
    return await search(this.resources, this.meaning, request, context);
  }

  /**
   * Begin a search whose text is still being typed, if it ends in a known word and needs nothing that still has to be
   * loaded; `search` then gives its answer. False if it is better to wait for a pause.
   */
  async begin(request: SearchRequest): Promise<boolean> {
    if (!(await endsInWord(request.text ?? "", this.resources.loaded))) return false;
    this.ahead?.drop();
    this.ahead = new Ahead(request, (...asked) => search(this.resources, this.meaning, ...asked));
    return true;
  }

  async rows(rows: number[]): Promise<RowInfo[]> {
    await this.settled;
    rows.forEach((row) => { this.check(row); });
    return await this.resources.infos(rows);
  }

  async document(row: number): Promise<ImageDocument> {
    this.check(row);
    return await this.resources.document(row);
  }

  async rowOf(id: string): Promise<number | null> {
    await this.settled;
    return await this.resources.rowOf(id);
  }

  /** The published image ids in row order, 8 bytes each. */
  async ids(): Promise<Uint8Array> {
    return await this.site.rows.ids();
  }

  /** The rows that meet filters and a query text, in default order; null for all. */
  async matching({ text = "", filters = [] }: { text?: string | undefined; filters?: Filter[] | undefined } = {}): Promise<Uint32Array | null> {
    const mask = await this.matches(text, filters);
    if (!mask) return null;
    const { rows, length } = await browse(mask, this.resources);
    return Uint32Array.from(await rows(0, length));
  }

  async highlight(row: number, text: string): Promise<Highlight[]> {
    this.check(row);
    const { columns } = this.manifest.catalog;
    const [document, catalog] = await Promise.all([this.resources.document(row), this.resources.catalog()]);
    const texts = columns.map((name) => textOf(own(document.fields, name)));
    const pieces = () => this.plainly(text, (plan) => {
      const expression = highlightExpression(plan);
      return expression ? catalog.highlight(texts, expression) : Promise.resolve(texts.map((text) => [text]));
    });
    return (await pieces()).flatMap((pieces, i) => (texts[i] ? [{ field: columns[i]!, pieces }] : []));
  }

  async facets(field: string, options: FacetOptions = {}): Promise<FacetCount[]> {
    const { limit = FACET_LIMIT, under, ...request } = options;
    const definition = this.resources.field(field);
    await this.settled;
    const [source, mask, { facetCounts }] = await Promise.all([this.resources.columnSource(field), this.found(request as Partial<SearchRequest>), counts()]);
    return await facetCounts(source, definition, mask, limit, under);
  }

  async histogram(field: string, { edges, ...request }: HistogramOptions): Promise<Histogram> {
    // Refuses fields that are not numbers or dates.
    await this.range(field);
    await this.settled;
    const [source, mask] = await Promise.all([this.resources.columnSource(field), this.current({ ...(request as Partial<SearchRequest>), mode: request.mode ?? "all" })]);
    const [{ histogramOf }, { counting }] = await Promise.all([part(import("./histogram"), "histogramOf"), counts()]);
    const { each, scale } = counting(source, mask);
    return await histogramOf(edges, each, scale);
  }

  async timeline(field: string, options: TimelineOptions = {}): Promise<Timeline | null> {
    // Refuses fields that are not numbers or dates.
    await this.range(field);
    await this.settled;
    const { timeline } = await part(import("./timeline"), "timeline");
    return await timeline(field, options, this.resources, (request) => this.search(request), (request) => this.current(request));
  }

  async found(request: Partial<SearchRequest>): Promise<Uint8Array | null> {
    await this.settled;
    return await this.current({ ...request, mode: request.mode ?? "all" });
  }

  async pagesOf(row: number): Promise<number[]> {
    this.check(row);
    return await (await this.resources.objects())?.pagesOf(row) ?? [row];
  }

  async mapTopics(): Promise<MapTopic[]> {
    return (await this.resources.map()).topics();
  }

  async mapBlock(place: number, dimensions?: 2 | 3): Promise<MapBlock> {
    return (await this.resources.map()).block(place, dimensions);
  }

  async classes(field: string, limit?: number): Promise<Classes> {
    return (await this.resources.map()).classes(this.resources, field, limit);
  }

  async range(field: string): Promise<{ min: number; max: number } | null> {
    const { type, label } = this.resources.field(field);
    if (type !== "number" && type !== "date") throw new QueryError(`The field “${label}” is not a number or a date, so it has no range.`);
    return rangeOf(await this.resources.columnSource(field));
  }

  async stats(options: StatsOptions = {}): Promise<Stats> {
    return await (await counts()).statsOf(this.site, options);
  }

  async sample(size: number, seed: number): Promise<number[]> {
    return await this.drawing.sample(size, seed);
  }

  async batch(definition: Definition, of: Part, n: number): Promise<Batch> {
    return await this.drawing.batch(definition, of, n);
  }

  async downloads(): Promise<Download[]> {
    return await this.drawing.downloads();
  }

  async modelCard(): Promise<ModelCard | null> {
    return await this.site.modelCard();
  }

  async tag(name: string): Promise<Tag[]> {
    return (await this.tagTable()).find(name);
  }

  /** The tags of the published images. */
  tagTable(): Promise<TagTable> {
    this.tags ??= Promise.all([part(import("./data/tags"), "tagTable"), counts()]).then(([{ tagTable }, { ownValues }]) => tagTable(this.site, normal, ownValues)).catch((error: unknown) => {
      this.tags = null;
      throw error;
    });
    return this.tags;
  }

  async embedText(text: string): Promise<Float32Array> {
    const encoder = this.resources.encoder();
    if (!encoder) throw new QueryError("This collection has no model, so texts cannot be embedded.");
    const embedding = await encoder.encodeQuery(text);
    if (!embedding) throw new QueryError(`The model does not know “${text.slice(0, SHOWN_TEXT)}”.`);
    return embedding;
  }

  /** Completions of what is being typed: words of the collection and values of its fields, best first. */
  async suggest(text: string, limit = 8): Promise<Suggestion[]> {
    return await suggest(this.resources, text, limit);
  }

  /** Corrections of words that occur nowhere; null if there is nothing to correct. */
  async correct(text: string, mode: Mode = "all"): Promise<Correction | null> {
    const finds = (other: string) => this.finds(other, mode);
    return await this.plainly(text, async (plan) => {
      // An expression may have results although one of its words is unknown.
      if (plan.query.match !== null && await finds(text) === "all") return null;
      return await correction(this.resources, text, plan, mode, finds);
    });
  }

  async imageModelSize(): Promise<number | null> {
    return await this.site.imageModelSize();
  }

  async embedImage(picture: Pixels | Blob): Promise<Float32Array> {
    const encoder = this.resources.encoder();
    if (!encoder) throw new QueryError("This collection has no model, so it cannot be searched by picture.");
    if (!(picture instanceof Blob)) return await encoder.encodeImage(picture);
    if (!this.decode) throw new TypeError("Without a worker a picture must be given as pixels.");
    return await encoder.encodeImage(await this.decode(picture));
  }

  /** Say whether pictures on screen are being loaded elsewhere: requests that are less urgent wait for them. */
  pictures(loading: boolean): void {
    this.site.pictures(loading);
  }

  async prepare(): Promise<void> {
    await this.site.prepare();
  }

  async warm(): Promise<void> {
    const encoder = this.resources.encoder();
    await Promise.all([encoder?.warm(), this.manifest.vectors ? this.resources.nearest() : null]);
  }

  async close(): Promise<void> {
    await this.resources.close();
  }

  /** The current result, which several facets ask for one after the other; pictures given as queries are not remembered. */
  private current(request: SearchRequest): Promise<Mask | null> {
    const find = async () => (await counts()).currentResult(this.resources, this.meaning, request);
    return request.embeddings?.length || request.images ? find() : this.currents.get(JSON.stringify(request), find);
  }

  /** The rows that meet filters and a query text: those of its words arm, if it has words. */
  private async matches(text: string, list: Filter[]): Promise<Mask | null> {
    const found = await this.byWords(text, list);
    return found.strict === null ? found.mask : both(found.mask, maskOf(await found.all(), this.resources.count));
  }

  private async finds(text: string, mode: Mode): Promise<Finds> {
    const { strict, total, mask } = await this.byWords(text, []);
    if (strict) return "all";
    const some = strict === null || usesModel(this.resources, mode) ? mask === null || countMask(mask) > 0 : total > 0;
    return some ? "some" : "none";
  }

  private async byWords(text: string, list: Filter[]): Promise<Pick<WordsFound, "all" | "mask" | "strict" | "total">> {
    const catalog = text.trim() ? await this.resources.catalog() : null;
    return await this.plainly(text, async (plan) => {
      const mask = await filterRows(this.resources, list, plan.filters);
      if (!catalog) return { all: () => Promise.resolve(new Uint32Array()), strict: null, total: 0, mask };
      return await searchWords(catalog, plan, true, mask, this.resources.count, () => this.resources.foldedWords());
    });
  }

  /** The result of `use` for a text's plan, or for its plain words if FTS5 refuses the text as an expression. */
  private async plainly<T>(text: string, use: (plan: TextPlan) => T | Promise<T>): Promise<T> {
    const { fields, catalog } = this.manifest;
    const nameOf = await missingEmoji(text, this.resources);
    const plan = (expressions: boolean) => planText(withNames(parse(text, { expressions }), nameOf), fields, catalog.columns);
    try {
      return await use(plan(true));
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      return await use(plan(false));
    }
  }

  private check(row: number): void {
    if (!Number.isInteger(row) || row < 0 || row >= this.resources.count) throw new QueryError(`The collection has no row ${row}.`);
  }
}
