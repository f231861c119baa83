/**
 * A published site and the additions of a visitor as one collection: rows 0 … n−1 are published, those after them
 * are the additions in the order they were added. Searches, filters, orders and counts run over it as over any
 * other collection, so that the query language means the same for both (docs/QUERY.md, "Additions").
 */
import { own } from "../base/own";
import { TermsText, type FullText } from "../catalog/index";
import type { Column, ImageDocument, Manifest } from "../format/index";
import { columnOf } from "../engine/column-of";
import type { ColumnSource } from "../engine/column-source";
import { Shared } from "../engine/lru";
import type { Resources } from "../engine/resources";
import type { RowInfo } from "../engine/types";
import { JoinedText } from "./full-text";
import { OverlaidColumn } from "./columns";
import { documentOf, searchedTexts } from "./fields";
import { JoinedNearest } from "./nearest";
import type { Addition } from "./types";

export interface Shown extends Addition {
  /** An object URL of the thumbnail. */
  url: string;
}

/** The additions as rows; a new one is made with every change. */
export class Overlay {
  readonly documents: ImageDocument[];
  readonly texts: string[][];

  constructor(readonly additions: readonly Shown[], manifest: Manifest) {
    this.documents = additions.map((addition) => documentOf(addition, manifest));
    this.texts = additions.map((addition) => searchedTexts(addition, manifest));
  }

  get count(): number {
    return this.additions.length;
  }

  /** @param row of the whole collection */
  info(row: number, first: number): RowInfo {
    const { id, width, height, url, thumbnail, placeholder } = this.additions[row - first]!;
    return { row, id, width, height, thumbnail: { url, offset: 0, length: thumbnail.length }, placeholder, local: true };
  }
}

export class OverlaidResources implements Resources {
  private readonly kept = new Shared<unknown>();
  private joined: FullText | null = null;

  constructor(private readonly site: Resources, readonly overlay: Overlay) {}

  get manifest() { return this.site.manifest; }
  get calibration() { return this.site.calibration; }
  get published() { return this.site.published; }
  get order() { return this.site.order; }
  get loaded() { return { ...this.site.loaded, catalog: this.joined ?? this.site.loaded.catalog }; }
  get count(): number { return this.site.count + this.overlay.count; }

  field(name: string) { return this.site.field(name); }
  encoder() { return this.site.encoder(); }
  first(...given: Parameters<Resources["first"]>) { this.site.first(...given); }
  modelWords() { return this.site.modelWords(); }
  words() { return this.site.words(); }
  map() { return this.site.map(); }
  objects() { return this.site.objects(); }
  foldedWords() { return this.site.foldedWords(); }
  close() { return this.site.close(); }

  async rowOf(id: string): Promise<number | null> {
    const place = this.overlay.additions.findIndex((addition) => addition.id === id);
    return place < 0 ? await this.site.rowOf(id) : this.published + place;
  }

  async infos(rows: readonly number[], meaning?: boolean): Promise<RowInfo[]> {
    const published = await this.site.infos(rows.filter((row) => row < this.published), meaning);
    let next = 0;
    return rows.map((row) => (row < this.published ? published[next++]! : this.overlay.info(row, this.published)));
  }

  document(row: number): Promise<ImageDocument> {
    return row < this.published ? this.site.document(row) : Promise.resolve(this.overlay.documents[row - this.published]!);
  }

  async column(name: string): Promise<Column> {
    return await (await this.columnSource(name)).whole();
  }

  columnSource(name: string): Promise<ColumnSource> {
    return this.once(`column ${name}`, async () => {
      const added = columnOf(this.field(name), this.overlay.documents.map(({ fields }) => own(fields, name)));
      return new OverlaidColumn(await this.site.columnSource(name), added);
    });
  }

  catalog(): Promise<FullText> {
    return this.once("catalog", async () => {
      const published = await this.site.catalog();
      this.joined = new JoinedText(published, TermsText.of(this.overlay.texts, this.manifest.catalog.columns), this.published);
      return this.joined;
    });
  }

  async rough() {
    const published = await this.site.rough();
    return published.rough ? new JoinedNearest(published, this.overlay.additions.map(({ embedding }) => embedding)) : await this.nearest();
  }

  nearest() {
    return this.once("nearest", async () =>
      new JoinedNearest(await this.site.nearest(), this.overlay.additions.map(({ embedding }) => embedding)));
  }

  private once<T>(key: string, make: () => Promise<T>): Promise<T> {
    return this.kept.get(key, make) as Promise<T>;
  }
}
