/** Loading the files of one site, with progress. */
import { FileList, loadFile, type FileEntry, type FileListEntry } from "../format/index";
import type { ByteProgress } from "./assets";
import type { Meter } from "./progress";
import type { LoadProgress } from "./types";

type Step = LoadProgress["step"];

/** How many files of one kind are fetched at the same time. */
const PARALLEL = 8;

export class SiteFiles {
  /** Paths of files whose hash could not be checked. They are requested again if their content was of no use. */
  private readonly unverified = new Set<string>();

  /** @param base the address of manifest.json */
  constructor(readonly base: string, private readonly fetch: typeof globalThis.fetch, private readonly meter: Meter) {}

  /** The decoded content of a file. Throws LoadError or FormatError. */
  load(entry: FileEntry, step: Step): Promise<Uint8Array<ArrayBuffer>> {
    return this.meter.track(step, entry.bytes, (onProgress) => this.get(entry, onProgress));
  }

  /**
   * Load several files as one transfer, a few at a time, and hand each over as it arrives, in any order.
   * @throws what loading one of them throws, or `use`
   */
  async loadAll(entries: readonly FileEntry[], step: Step, use: (content: Uint8Array<ArrayBuffer>, place: number) => void): Promise<void> {
    const total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
    await this.meter.track(step, total, async (onProgress) => {
      let loaded = 0;
      await eachOf(entries, async (entry, place) => {
        let before = 0;
        const content = await this.get(entry, (now) => {
          loaded += now - before;
          before = now;
          onProgress(loaded, total);
        });
        use(content, place);
      });
    });
  }

  /** The decoded content of a listed file. Loads its node if necessary. */
  loadListed(list: FileList, place: number, step: Step): Promise<Uint8Array<ArrayBuffer>> {
    return this.during(step, async () => await this.load(await list.entry(place), step));
  }

  /** Report one step of progress, however many files `work` loads for it. */
  during<T>(step: Step, work: () => Promise<T>): Promise<T> {
    return this.meter.track(step, 0, work);
  }

  /** A list of files whose nodes are loaded when they are needed. */
  list(entry: FileListEntry, step: Step): FileList {
    return new FileList(entry, (node) => this.load(node, step));
  }

  private get(entry: FileEntry, onProgress: ByteProgress): Promise<Uint8Array<ArrayBuffer>> {
    const { path } = entry;
    return loadFile(this.base, entry, {
      fetch: this.fetch, onProgress, fresh: this.unverified.has(path), onUnverified: () => { this.unverified.add(path); },
    });
  }
}

/** Run `work` for each item, a few at a time. After a failure no further item is begun. */
export async function eachOf<T>(items: readonly T[], work: (item: T, place: number) => Promise<void>, parallel = PARALLEL): Promise<void> {
  let next = 0;
  let failed = false;
  const runner = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const place = next++;
      try {
        await work(items[place]!, place);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, runner));
}
