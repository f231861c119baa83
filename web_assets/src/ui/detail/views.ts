/** Fetches views, the large pictures: the one that is shown and its neighbours. A few stay in memory. */
import { loadPicture } from "../picture-file";

export interface BlobLoan {
  /** Rejects when the fetch fails. */
  blob: Promise<Blob>;
  /** Cancels the fetch if nobody else waits for it. */
  release(): void;
}

interface Entry {
  blob: Promise<Blob>;
  controller: AbortController;
  users: number;
  done: boolean;
}

/** How many views stay that are not shown. */
const KEPT = 6;

export class Views {
  /** By address, the oldest first. */
  readonly #entries = new Map<string, Entry>();
  /** Addresses whose last fetch failed: the next one goes past every cache. */
  readonly #failed = new Set<string>();
  readonly #fetch: typeof fetch;
  /** Whether views are shown by their own address, because a page from the disk cannot fetch them. */
  readonly plain: boolean;
  #ahead: BlobLoan[] = [];

  constructor(options: { fetch?: typeof fetch; plain?: boolean } = {}) {
    this.plain = options.plain ?? false;
    this.#fetch = options.fetch ?? ((...args) => fetch(...args));
  }

  borrow(url: string): BlobLoan {
    const entry = this.#entries.get(url) ?? this.#load(url);
    entry.users++;
    let lent = true;
    return {
      blob: entry.blob,
      release: () => {
        if (!lent) return;
        lent = false;
        entry.users--;
        if (!entry.users && !entry.done) {
          entry.controller.abort();
          this.#drop(url, entry);
        }
        this.#trim();
      },
    };
  }

  /** Fetch these in advance, instead of those of the last call. */
  ahead(urls: readonly string[]): void {
    if (this.plain) return;
    const loans = urls.map((url) => this.borrow(url));
    for (const { release } of this.#ahead) release();
    this.#ahead = loans;
  }

  /** Fetch this one again when it is borrowed next, past every cache: it cannot be shown. */
  distrust(url: string): void {
    this.#failed.add(url);
    this.#entries.delete(url);
  }

  #load(url: string): Entry {
    const controller = new AbortController();
    const blob = loadPicture(url, { fetch: this.#fetch, signal: controller.signal, fresh: this.#failed.has(url) });
    const entry = { blob, controller, users: 0, done: false };
    this.#entries.set(url, entry);
    blob.then(() => {
      entry.done = true;
      this.#failed.delete(url);
    }, () => {
      if (!controller.signal.aborted) this.#failed.add(url);
      this.#drop(url, entry);
    });
    return entry;
  }

  #drop(url: string, entry: Entry): void {
    if (this.#entries.get(url) === entry) this.#entries.delete(url);
  }

  #trim(): void {
    const idle = [...this.#entries].filter(([, entry]) => !entry.users);
    for (const [url] of idle.slice(0, Math.max(0, idle.length - KEPT))) this.#entries.delete(url);
  }
}
