/** A map that drops the least recently used entry. */
export class Lru<V> {
  private readonly map = new Map<string, V>();

  constructor(private readonly size: number) {}

  get(key: string): V | undefined {
    const value = this.map.get(key);
    if (value !== undefined) {
      this.map.delete(key);
      this.map.set(key, value);
    }
    return value;
  }

  set(key: string, value: V): void {
    this.map.delete(key);
    this.map.set(key, value);
    if (this.map.size > this.size) this.map.delete(this.map.keys().next().value!);
  }

  delete(key: string): void {
    this.map.delete(key);
  }
}

/**
 * Promises by key: made once and shared by all callers. A failed one is dropped, so that the next call tries again.
 */
export class Shared<V> {
  private readonly known: Lru<{ promise: Promise<V>; done: boolean }>;

  constructor(size = Infinity) {
    this.known = new Lru(size);
  }

  get(key: string, make: () => Promise<V>): Promise<V> {
    const known = this.known.get(key);
    if (known) return known.promise;
    const entry = { promise: make(), done: false };
    this.known.set(key, entry);
    entry.promise.then(() => { entry.done = true; }, () => { if (this.known.get(key) === entry) this.known.delete(key); });
    return entry.promise;
  }

  /** Drop the promise of a key. */
  forget(key: string): void {
    this.known.delete(key);
  }

  /** Whether the promise has been fulfilled. */
  has(key: string): boolean {
    return this.known.get(key)?.done ?? false;
  }
}
