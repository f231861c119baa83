/**
 * Pictures used as queries, stored on this device only, so that back, forward and reload find them again.
 * If the browser keeps nothing (some private windows) they last as long as the page.
 */
import { openDB, type IDBPDatabase } from "idb";

export interface Kept {
  hash: string;
  name: string;
  file: Blob;
  /** Embeddings by the model that computed them (`encoder_hash`). */
  embeddings: Record<string, Float32Array>;
  /** When it was last used in a search (ms since 1970). */
  used: number;
}

export interface Shelf {
  get(hash: string): Promise<Kept | null>;
  put(kept: Kept): Promise<void>;
  clear(): Promise<void>;
  /** How many pictures are kept. */
  count(): Promise<number>;
}

const SHELF_DATABASE = "imagedb-pictures";
const SHELF_STORE = "pictures";
/** Beyond this number of pictures or bytes, the pictures used longest ago are deleted. */
export const KEPT_PICTURES = 40;
export const KEPT_BYTES = 200_000_000;

/** The pictures to delete: those beyond the limits, least recently used first. */
export function surplus(kept: readonly { hash: string; used: number; bytes: number }[]): string[] {
  let total = 0;
  return [...kept].sort((a, b) => b.used - a.used).flatMap(({ hash, bytes }, i) => {
    total += bytes;
    return i > 0 && (i >= KEPT_PICTURES || total > KEPT_BYTES) ? [hash] : [];
  });
}

export class MemoryShelf implements Shelf {
  readonly #kept = new Map<string, Kept>();

  get(hash: string): Promise<Kept | null> {
    return Promise.resolve(this.#kept.get(hash) ?? null);
  }

  put(kept: Kept): Promise<void> {
    this.#kept.set(kept.hash, kept);
    return Promise.resolve();
  }

  clear(): Promise<void> {
    this.#kept.clear();
    return Promise.resolve();
  }

  count(): Promise<number> {
    return Promise.resolve(this.#kept.size);
  }
}

/** IndexedDB with a copy in memory: what the browser refuses to store is available until the page is left. */
export class DeviceShelf implements Shelf {
  readonly #memory = new MemoryShelf();
  #database: Promise<IDBPDatabase | null> | null = null;

  async get(hash: string): Promise<Kept | null> {
    const known = await this.#memory.get(hash);
    return known ?? await this.#try(async (database) => (await database.get(SHELF_STORE, hash)) as Kept | undefined) ?? null;
  }

  async put(kept: Kept): Promise<void> {
    await this.#memory.put(kept);
    await this.#try(async (database) => {
      await database.put(SHELF_STORE, kept);
      const all = (await database.getAll(SHELF_STORE)) as Kept[];
      for (const hash of surplus(all.map(({ hash, used, file }) => ({ hash, used, bytes: file.size })))) {
        await database.delete(SHELF_STORE, hash);
      }
    });
  }

  async clear(): Promise<void> {
    await this.#memory.clear();
    await this.#try((database) => database.clear(SHELF_STORE));
  }

  async count(): Promise<number> {
    return await this.#try((database) => database.count(SHELF_STORE)) ?? await this.#memory.count();
  }

  /** The answer of the database; undefined if it is not available. */
  async #try<T>(use: (database: IDBPDatabase) => Promise<T>): Promise<T | undefined> {
    try {
      this.#database ??= openDB(SHELF_DATABASE, 1, {
        upgrade: (database) => { database.createObjectStore(SHELF_STORE, { keyPath: "hash" }); },
      }).catch(() => null);
      const database = await this.#database;
      return database ? await use(database) : undefined;
    } catch {
      return undefined;
    }
  }
}
