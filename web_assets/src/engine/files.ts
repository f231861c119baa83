/** Loading the files of one site, with progress. */
import type { FileEntry } from "../format/entry";
import { FileList } from "../format/lists";
import { loadFile, type LoadOptions } from "../format/load";
import type { FileListEntry } from "../format/manifest";
import { Line, type Stage, type Turn } from "./line";
import type { Meter } from "./progress";
import type { LoadProgress } from "./types";

type Step = LoadProgress["step"];

/** How many files of one kind are requested at the same time. */
const PARALLEL = 8;

/** What the files of each kind are needed for. */
const STAGE_OF: Record<Step, Stage> = {
  manifest: "view", rows: "view", documents: "view", column: "view", catalog: "words", tokens: "coarse", vectors: "coarse",
  model: "refine", runtime: "refine", "image-tower": "refine",
};

export class SiteFiles {
  /** Paths of files whose hash could not be checked. They are requested again if their content was of no use. */
  private readonly unverified = new Set<string>();

  /** @param base the address of manifest.json */
  constructor(
    readonly base: string, private readonly fetch: typeof globalThis.fetch, private readonly meter: Meter, readonly line = new Line(),
  ) {}

  /**
   * The decoded content of a file, loaded in its turn.
   * @param begin is called at its turn, and may change it
   * @throws LoadError, FormatError, or what `begin` throws
   */
  load(entry: FileEntry, step: Step, stage = STAGE_OF[step], begin: (turn: Turn) => Turn & Pick<LoadOptions, "retries"> = (turn) => turn): Promise<Uint8Array<ArrayBuffer>> {
    return this.other(step, async (turn) => await this.get(entry, begin(turn)), entry.bytes, stage);
  }

  /** Anything else that is loaded in its turn. */
  other<T>(step: Step, work: (turn: Turn) => Promise<T>, bytes = 0, stage = STAGE_OF[step]): Promise<T> {
    return this.line.run(stage, (turn) => this.meter.track(step, bytes, (onProgress) => work({
      ...turn,
      onProgress: (loaded, total) => {
        turn.onProgress(loaded, total);
        onProgress(loaded, total);
      },
    })));
  }

  /**
   * Load several files as one transfer, a few at a time, and hand each over as it arrives, in any order.
   * @throws what loading one of them throws, or `use`
   */
  async loadAll(
    entries: readonly FileEntry[], step: Step, use: (content: Uint8Array<ArrayBuffer>, place: number) => void, stage = STAGE_OF[step],
  ): Promise<void> {
    const total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
    const { line } = this;
    // What waits for its turn is not shown as being loaded.
    await line.turn(stage);
    await this.meter.track(step, total, async (onProgress) => {
      let loaded = 0;
      await eachOf(entries, async (entry, place) => {
        let before = 0;
        const count = (now: number): void => {
          loaded += now - before;
          before = now;
          onProgress(loaded, total);
        };
        const content = await line.run(stage, (turn) => this.get(entry, {
          ...turn,
          onProgress: (now, size) => {
            turn.onProgress(now, size);
            count(now);
          },
        }));
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
  list(entry: FileListEntry, step: Step, stage = STAGE_OF[step]): FileList {
    return new FileList(entry, (node) => this.load(node, step, stage));
  }

  private get(entry: FileEntry, turn: Turn): Promise<Uint8Array<ArrayBuffer>> {
    const { path } = entry;
    return loadFile(this.base, entry, {
      fetch: this.fetch, ...turn, fresh: this.unverified.has(path), onUnverified: () => { this.unverified.add(path); },
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
