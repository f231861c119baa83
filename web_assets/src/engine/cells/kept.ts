/** Decoded files that were used last, up to a number of bytes. */
import { abortable } from "../../base/async";

/** Something in memory and how large it is. */
export interface Sized {
  bytes: number;
}

interface Entry<T> {
  promise: Promise<T>;
  value: T | null;
  /** How many callers wait; with 0 the work is stopped. A caller without a signal waits for ever. */
  waiting: number;
  stop: AbortController;
}

/** Each file is loaded once, however many ask for it at the same time. One that could not be loaded is asked for again. */
export class Kept<T extends Sized> {
  private readonly entries = new Map<number, Entry<T>>();
  private bytes = 0;

  constructor(private readonly limit: number) {}

  /** @throws what `load` throws; the signal's reason on abort */
  async get(key: number, load: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const entry = this.entries.get(key) ?? this.begin(key, load);
    // Used last.
    this.entries.delete(key);
    this.entries.set(key, entry);
    if (entry.value) return entry.value;
    entry.waiting++;
    const leave = (): void => {
      if (--entry.waiting || entry.value) return;
      this.forget(key, entry);
      entry.stop.abort(signal!.reason);
    };
    signal?.addEventListener("abort", leave, { once: true });
    try {
      return await abortable(entry.promise, signal);
    } finally {
      signal?.removeEventListener("abort", leave);
    }
  }

  has(key: number): boolean {
    return Boolean(this.entries.get(key)?.value);
  }

  /** What is in memory. */
  *values(): Generator<T> {
    for (const { value } of this.entries.values()) if (value) yield value;
  }

  private begin(key: number, load: (signal: AbortSignal) => Promise<T>): Entry<T> {
    const stop = new AbortController();
    const entry: Entry<T> = { promise: load(stop.signal), value: null, waiting: 0, stop };
    entry.promise.then((value) => {
      if (this.entries.get(key) !== entry) return;
      entry.value = value;
      this.bytes += value.bytes;
      this.evict(entry);
    }, () => { this.forget(key, entry); });
    return entry;
  }

  private forget(key: number, entry: Entry<T>): void {
    if (this.entries.get(key) === entry) this.entries.delete(key);
  }

  private evict(newest: Entry<T>): void {
    for (const [key, entry] of this.entries) {
      if (this.bytes <= this.limit) return;
      if (!entry.value || entry === newest) continue;
      this.entries.delete(key);
      this.bytes -= entry.value.bytes;
    }
  }
}
