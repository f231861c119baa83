/** Saved searches, stored on this device only. */
import type { Kept } from "./recent";

/** A search with a name; its view as a link (`formatView`). */
export interface SavedSearch {
  name: string;
  link: string;
}

/** The most searches that are kept, and the longest name and link, in characters. */
export const MOST_SAVED = 100;
export const LONGEST_NAME = 120;
export const LONGEST_LINK = 20_000;

function isSaved(value: unknown): value is SavedSearch {
  const { name, link } = (value ?? {}) as Record<string, unknown>;
  return typeof name === "string" && name !== "" && name.length <= LONGEST_NAME && typeof link === "string" && link.startsWith("#") && link.length <= LONGEST_LINK;
}

export class Saved {
  readonly #storage: () => Kept;
  readonly #key: string;

  /** @param address of the collection: several may share a host */
  constructor(address: string, storage: () => Kept = () => localStorage) {
    this.#key = `imagedb.saved ${address}`;
    this.#storage = storage;
  }

  /** The latest first, as they are stored now: another tab may have changed them. */
  list(): SavedSearch[] {
    try {
      const value: unknown = JSON.parse(this.#storage().getItem(this.#key) ?? "[]");
      return Array.isArray(value) ? value.filter(isSaved).slice(0, MOST_SAVED) : [];
    } catch {
      // Refused or damaged: there are none.
      return [];
    }
  }

  /** Throws what the browser throws if it refuses, or has no room. */
  store(list: readonly SavedSearch[]): void {
    this.#storage().setItem(this.#key, JSON.stringify(list));
  }
}
