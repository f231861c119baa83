/**
 * A published site as far as its first view needs it: the manifest, rows and documents. It is small, so that pictures appear
 * before the search has loaded; `SiteResources` adds what searches need. It imports single files of the format for the same reason.
 */
import { part } from "../base/errors";
import { readDocuments } from "../format/documents";
import type { FileList } from "../format/lists";
import { loadManifest } from "../format/load";
import type { ImageDocument, Manifest } from "../format/manifest";
import { readManifest } from "../format/read-manifest";
import { SiteFiles } from "./files";
import { Shared } from "./lru";
import { DefaultOrder } from "./order";
import { Meter } from "./progress";
import { SiteRows } from "./rows";
import type { SiteColumns } from "./site-columns";
import type { LoadProgress } from "./types";

export interface PublishedOptions {
  fetch: typeof fetch;
  onProgress?: (progress: LoadProgress) => void;
  signal?: AbortSignal;
}

const DOCUMENT_BLOCKS = 64;
/** How long (ms) other requests wait at most for the pictures on screen. */
const PICTURES_MS = 1500;

export class Published {
  /** The default order of the rows. */
  readonly order: DefaultOrder;
  /** The rows and their ids. */
  readonly rows: SiteRows;
  private readonly documentFiles: FileList;
  private readonly documentBlocks = new Shared<ImageDocument[]>(DOCUMENT_BLOCKS);
  private readonly single = new Shared<SiteColumns>();
  private readonly picturesHere: (() => void)[] = [];

  private constructor(readonly manifest: Manifest, readonly files: SiteFiles) {
    this.rows = new SiteRows(manifest, files);
    this.order = new DefaultOrder(manifest.order, this.count, files);
    this.documentFiles = files.list(manifest.documents.files, "documents");
  }

  /**
   * @param url the site's folder, its manifest.json or one of its pages
   * @throws LoadError, FormatError, the signal's reason on abort
   */
  static async open(url: string, { fetch, signal, onProgress: report }: PublishedOptions): Promise<Published> {
    const base = manifestUrl(url);
    const meter = new Meter((progress) => report?.(progress));
    const value = await meter.track("manifest", 0, (onProgress) =>
      loadManifest(base, { fetch, onProgress, ...(signal ? { signal } : {}) }));
    return new Published(readManifest(value), new SiteFiles(base, fetch, meter));
  }

  get count(): number {
    return this.manifest.collection.count;
  }

  async document(row: number): Promise<ImageDocument> {
    const { block } = this.manifest.documents;
    const number = Math.floor(row / block);
    const documents = await this.documentBlocks.get(String(number), async () => {
      const content = await this.files.loadListed(this.documentFiles, number, "documents");
      return readDocuments(content, Math.min(block, this.count - number * block), this.manifest.remote?.origins);
    });
    return documents[row - number * block]!;
  }

  columns(): Promise<SiteColumns> {
    return this.single.get("columns", async () => await (await part(import("./site-columns"), "SiteColumns")).SiteColumns.open(this));
  }

  /** Whether pictures that are on screen are being loaded: what is not needed for them waits. */
  pictures(loading: boolean): void {
    if (loading) this.files.line.expect("view", this.picturesShown(), PICTURES_MS);
    else this.picturesHere.splice(0).forEach((resolve) => { resolve(); });
  }

  /** Resolves when the pictures on screen have loaded the next time. */
  picturesShown(): Promise<void> {
    return new Promise((resolve) => { this.picturesHere.push(resolve); });
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
