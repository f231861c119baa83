/**
 * Fetches thumbnails, from single files or from packs, and lends them out as object URLs.
 * Pictures on screen are held; those that have left it stay in a bounded cache, and their fetches are cancelled.
 */
import { FailedPicture, loadPicture } from "./picture-file";

export interface Source {
  url: string;
  offset: number;
  length: number;
}

export interface Loan {
  /** An object URL that is valid until `release`. Rejects when the fetch fails or the loan is released. */
  url: Promise<string>;
  release(): void;
}

interface Entry {
  url: string | null;
  bytes: number;
  users: number;
  /** Whether it cannot be shown: it is deleted when nobody uses it any more. */
  bad?: boolean;
}

interface Job {
  source: Source;
  controller: AbortController;
  waiting: Set<{ key: string; source: Source; resolve: (url: string) => void; reject: (reason: unknown) => void }>;
  running: boolean;
  /** Fetches with the same turn were requested together. */
  turn: number;
}

export interface ThumbnailOptions {
  fetch?: typeof fetch;
  /** Show a file with one picture by its own address, because a page from the disk cannot fetch it. */
  plain?: boolean;
  /** Limits on the bytes of pictures that are kept but not shown, and of packs kept for their other pictures. */
  cacheBytes?: number;
  packBytes?: number;
  parallel?: number;
  type?: string;
}

/** How long (ms) one task may slice pictures out of pack blobs (each slice is an IPC round trip) before it yields. */
const SLICE_BUDGET_MS = 5;
/** Parallel fetches while someone types. */
const FEW = 4;

function keyOf({ url, offset }: Source): string {
  return `${url}#${String(offset)}`;
}

export class Thumbnails {
  readonly #fetch: typeof fetch;
  readonly #plain: boolean;
  readonly #cacheBytes: number;
  readonly #packBytes: number;
  readonly #parallel: number;
  readonly #type: string;
  /** By picture, least recently used first. */
  readonly #entries = new Map<string, Entry>();
  readonly #packs = new Map<string, Blob>();
  readonly #jobs = new Map<string, Job>();
  /** Addresses of files that could not be shown: the next fetch goes past every cache. */
  readonly #failed = new Set<string>();
  /** Bytes of the pictures that are not shown, and of the packs. */
  #idle = 0;
  #packed = 0;
  #running = 0;
  #turn = 0;
  /** The timer after which fetches begin. */
  #later: ReturnType<typeof setTimeout> | undefined;
  /** How many fetches may run now, and the timer that ends a reduced limit. */
  #most: number;
  #calm: ReturnType<typeof setTimeout> | undefined;

  /** Called when pictures begin to be loaded, and when none is any more. */
  onLoading: (loading: boolean) => void = () => undefined;

  constructor(options: ThumbnailOptions = {}) {
    this.#fetch = options.fetch ?? ((...args) => fetch(...args));
    this.#plain = options.plain ?? false;
    this.#cacheBytes = options.cacheBytes ?? 48 << 20;
    this.#packBytes = options.packBytes ?? 24 << 20;
    this.#parallel = options.parallel ?? 12;
    this.#most = this.#parallel;
    this.#type = options.type ?? "image/webp";
  }

  borrow(source: Source): Loan {
    if (this.#shownAsIs(source)) return { url: Promise.resolve(source.url), release: () => undefined };
    const key = keyOf(source);
    const entry = this.#entries.get(key);
    if (entry?.url) {
      this.#use(entry);
      this.#touch(key, entry);
      return { url: Promise.resolve(entry.url), release: this.#once(() => this.#giveBack(key)) };
    }
    let lent = false;
    let cancel = (): void => undefined;
    const url = new Promise<string>((resolve, reject) => {
      const waiter = {
        key, source, reject,
        resolve: (ready: string): void => { lent = true; resolve(ready); },
      };
      const job = this.#job(source);
      job.waiting.add(waiter);
      cancel = () => {
        job.waiting.delete(waiter);
        reject(new DOMException("no longer on screen", "AbortError"));
        if (!job.waiting.size) this.#abandon(source.url, job);
      };
    });
    url.catch(() => undefined);
    // In a task of its own, together with the others that this task asks for.
    this.#later ??= setTimeout(() => { this.#start(); }, 0);
    return { url, release: this.#once(() => { if (lent) this.#giveBack(key); else cancel(); }) };
  }

  /** A picture of this device has an object URL, which its maker revokes, or holds its content. */
  #shownAsIs({ url }: Source): boolean {
    return url.startsWith("blob:") || url.startsWith("data:") || (this.#plain && url.endsWith(".webp"));
  }

  /** The content of a picture, as a file. @throws FailedPicture if it does not arrive undamaged, the signal's reason on abort */
  async file({ url, offset, length }: Source, signal: AbortSignal): Promise<Blob> {
    const blob = this.#packs.get(url) ?? await this.#load(url, signal);
    if (offset + length > blob.size) throw new FailedPicture("The file with the picture is too short.");
    return blob.slice(offset, offset + length, this.#type);
  }

  /** The object URL of a picture that is loaded already. It is valid for this task, and longer if it is on loan. */
  at(source: Source): string | null {
    return this.#shownAsIs(source) ? source.url : this.#entries.get(keyOf(source))?.url ?? null;
  }

  /** Fetch this picture again when it is borrowed next, past every cache: it cannot be shown. */
  distrust(source: Source): void {
    const { url } = source;
    if (url.startsWith("blob:")) return;
    this.#failed.add(url);
    this.#packed -= this.#packs.get(url)?.size ?? 0;
    this.#packs.delete(url);
    const key = keyOf(source);
    const entry = this.#entries.get(key);
    if (!entry) return;
    entry.bad = true;
    if (!entry.users) this.#delete(key, entry);
  }

  #delete(key: string, entry: Entry): void {
    if (entry.url) URL.revokeObjectURL(entry.url);
    this.#entries.delete(key);
    this.#idle -= entry.bytes;
  }

  /**
   * Start no fetches for `milliseconds`, then only FEW at once for the same time again: while someone types, results are
   * about to be replaced. 0 resumes at once.
   */
  pauseFetches(milliseconds: number): void {
    clearTimeout(this.#calm);
    clearTimeout(this.#later);
    if (milliseconds > 0) {
      this.#most = Math.min(FEW, this.#parallel);
      this.#later = setTimeout(() => { this.#start(); }, milliseconds);
      this.#calm = setTimeout(() => {
        this.#most = this.#parallel;
        this.#pump();
      }, 2 * milliseconds);
    } else {
      this.#most = this.#parallel;
      this.#start();
    }
  }

  /** The pictures and packs in memory, for tests and the about box. */
  get held(): { pictures: number; packs: number; running: number } {
    return { pictures: this.#entries.size, packs: this.#packs.size, running: this.#running };
  }

  #start(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
    this.#turn++;
    this.#pump();
  }

  #once(action: () => void): () => void {
    let done = false;
    return () => {
      if (!done) { done = true; action(); }
    };
  }

  #job(source: Source): Job {
    const known = this.#jobs.get(source.url);
    if (known) return known;
    const job: Job = { source, controller: new AbortController(), waiting: new Set(), running: false, turn: this.#turn };
    this.#jobs.set(source.url, job);
    return job;
  }

  #abandon(url: string, job: Job): void {
    if (this.#jobs.get(url) === job) this.#jobs.delete(url);
    job.controller.abort();
  }

  #pump(): void {
    if (this.#later !== undefined) return;
    // The newest turn first, in its order, because it is what the person looks at now.
    const idle = [...this.#jobs.entries()].filter(([, job]) => !job.running).sort(([, a], [, b]) => b.turn - a.turn);
    const end = performance.now() + SLICE_BUDGET_MS;
    for (const [url, job] of idle) {
      if (this.#running >= this.#most) return;
      if (performance.now() > end) {
        this.#later = setTimeout(() => { this.#start(); }, 0);
        return;
      }
      void this.#run(url, job);
    }
  }

  async #run(url: string, job: Job): Promise<void> {
    job.running = true;
    const held = this.#packs.get(url);
    if (!this.#running++ && !held) this.onLoading(true);
    try {
      const blob = held ?? await this.#load(url, job.controller.signal);
      for (const waiter of job.waiting) {
        try {
          waiter.resolve(this.#lend(waiter.key, waiter.source, url, blob));
        } catch (error) {
          waiter.reject(error);
        }
      }
    } catch (error) {
      for (const waiter of job.waiting) waiter.reject(error);
    } finally {
      this.#running--;
      if (this.#jobs.get(url) === job) this.#jobs.delete(url);
      this.#trim();
      // A pack in memory is served within the task of `#pump`, which continues by itself.
      if (!held) this.#pump();
      if (!held && !this.#running) this.onLoading(false);
    }
  }

  async #load(url: string, signal: AbortSignal): Promise<Blob> {
    try {
      const blob = await loadPicture(url, { fetch: this.#fetch, signal, fresh: this.#failed.has(url) });
      this.#failed.delete(url);
      return blob;
    } catch (error) {
      if (!signal.aborted) this.#failed.add(url);
      throw error;
    }
  }

  #lend(key: string, source: Source, url: string, blob: Blob): string {
    const entry = this.#entries.get(key);
    if (entry?.url) {
      this.#use(entry);
      return entry.url;
    }
    if (source.offset + source.length > blob.size) throw new FailedPicture("The file with the picture is too short.");
    const whole = source.offset === 0 && source.length === blob.size;
    if (!whole) {
      this.#packed += blob.size - (this.#packs.get(url)?.size ?? 0);
      this.#packs.delete(url);
      this.#packs.set(url, blob);
    }
    const piece = blob.slice(source.offset, source.offset + source.length, this.#type);
    const made = { url: URL.createObjectURL(piece), bytes: source.length, users: 1 };
    this.#entries.set(key, made);
    return made.url;
  }

  #giveBack(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    if (--entry.users === 0) this.#idle += entry.bytes;
    if (entry.bad && !entry.users) this.#delete(key, entry);
    else this.#touch(key, entry);
    this.#trim();
  }

  #use(entry: Entry): void {
    if (entry.users++ === 0) this.#idle -= entry.bytes;
  }

  #touch(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }

  #trim(): void {
    if (this.#idle > this.#cacheBytes) {
      for (const [key, entry] of this.#entries) {
        if (this.#idle <= this.#cacheBytes) break;
        if (!entry.users) this.#delete(key, entry);
      }
    }
    for (const [url, blob] of this.#packs) {
      if (this.#packed <= this.#packBytes) break;
      this.#packs.delete(url);
      this.#packed -= blob.size;
    }
  }
}
