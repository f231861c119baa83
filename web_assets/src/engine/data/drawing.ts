/** Samples, batches and downloads of the published rows. What draws them is a part of the program that is loaded when it is needed. */
import type { Part } from "../../base/batches";
import type { Definition } from "../../base/definition";
import { part } from "../../base/errors";
import { FormatError } from "../../format/index";
import { Shared } from "../lru";
import type { SiteResources } from "../resources";
import type { Batch, Download } from "../types";

const apart = () => part(import("./apart"), "batchOf");
/** How many splits are kept: of a million images each has 8 MB. */
const KEPT = 2;

export class Drawing {
  private readonly ids = new Shared<Uint8Array>();
  private readonly splits = new Shared<Record<Part, number[]>>(KEPT);

  constructor(private readonly site: SiteResources) {}

  /** The rows of a seeded random sample. Throws RangeError for a seed out of range. */
  async sample(size: number, seed: number): Promise<number[]> {
    const [{ sampleOf }, ids] = await this.needed();
    return sampleOf(ids, size, seed);
  }

  /** Batch `n` of a part; without rows if there is no such batch. Throws RangeError for a definition out of range. */
  async batch(definition: Definition, of: Part, n: number): Promise<Batch> {
    const [{ partsOf, batchOf }, ids] = await this.needed();
    const { size, ...shares } = definition;
    const parts = await this.splits.get(JSON.stringify(shares), () => Promise.resolve(partsOf(ids, definition)));
    return batchOf(parts, size, of, n);
  }

  /** The files with the metadata, in the order of the manifest's formats. Throws LoadError or FormatError. */
  async downloads(): Promise<Download[]> {
    const { downloads } = this.site.manifest;
    if (!downloads) return [];
    const [{ readDownloads }, content] = await Promise.all([apart(), this.site.read(downloads.index, "documents")]);
    const found = readDownloads(content, downloads.formats);
    if (!found) throw new FormatError("The index of downloads is damaged.");
    return found;
  }

  private needed() {
    return Promise.all([apart(), this.ids.get("", () => this.site.rows.ids())]);
  }
}
