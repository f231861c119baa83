/** The columns of a published site. A script of its own: the first view of a list by date needs it, and so do searches. */
import { readColumnsIndex, type ColumnEntry } from "../format/column-index";
import type { ImageDocument, Manifest } from "../format/manifest";
import type { ColumnValues } from "./column-source";
import { SiteColumn } from "./columns";
import type { SiteFiles } from "./files";

/** What is asked of a published site. */
interface Site {
  manifest: Manifest;
  count: number;
  files: SiteFiles;
  document: (row: number) => Promise<ImageDocument>;
}

export class SiteColumns {
  private readonly made = new Map<string, SiteColumn>();

  /** @param entries by the names of fields */
  private constructor(private readonly site: Site, readonly entries: ReadonlyMap<string, ColumnEntry>) {}

  static async open(site: Site): Promise<SiteColumns> {
    const { columns, fields } = site.manifest;
    return new SiteColumns(site, columns ? readColumnsIndex(await site.files.load(columns, "column"), fields, site.count) : new Map());
  }

  /**
   * The column of a field; null if it has none.
   * @param values the different values of a large column; a column without them is made once
   */
  column(name: string, values: ColumnValues | null = null): SiteColumn | null {
    const entry = this.entries.get(name);
    const field = this.site.manifest.fields.find((other) => other.name === name);
    if (!entry || !field) return null;
    const documents = { block: this.site.manifest.documents.block, read: (row: number) => this.site.document(row) };
    const made = (!values && this.made.get(name)) || new SiteColumn(entry, field, this.site.count, this.site.files, documents, values);
    if (!values) this.made.set(name, made);
    return made;
  }
}
