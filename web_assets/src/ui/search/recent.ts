/** Recent searches, stored on this device only. If the browser does not allow storage, they last as long as the page. */

const RECENT_QUERIES = 12;
const LONGEST = 200;

/** The part of `Storage` that is used; reading or writing may be refused. */
export interface Kept {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export class Recent {
  readonly #storage: () => Kept;
  readonly #key: string;
  #texts: string[] | null = null;

  /** @param address of the collection: several may share a host */
  constructor(address: string, storage: () => Kept = () => localStorage) {
    this.#key = `imagedb.recent ${address}`;
    this.#storage = storage;
  }

  /** The latest first. */
  list(): readonly string[] {
    this.#texts ??= this.#read();
    return this.#texts;
  }

  add(text: string): void {
    const wanted = text.trim().slice(0, LONGEST);
    if (wanted.length < 2) return;
    // Searches for the beginnings of this text are not kept.
    const others = this.list().filter((other, i) => !same(other, wanted) && !(i === 0 && wanted.toLowerCase().startsWith(other.toLowerCase())));
    this.#texts = [wanted, ...others].slice(0, RECENT_QUERIES);
    this.#try((storage) => storage.setItem(this.#key, JSON.stringify(this.#texts)));
  }

  clear(): void {
    this.#texts = [];
    this.#try((storage) => storage.removeItem(this.#key));
  }

  #read(): string[] {
    let value: unknown = null;
    this.#try((storage) => { value = JSON.parse(storage.getItem(this.#key) ?? "null"); });
    return Array.isArray(value) ? value.filter((text): text is string => typeof text === "string").slice(0, RECENT_QUERIES) : [];
  }

  #try(use: (storage: Kept) => void): void {
    try {
      use(this.#storage());
    } catch {
      // Refused, full or damaged: searching does not depend on it.
    }
  }
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
