/**
 * The storage of additions: IndexedDB, because one transaction stores a picture with everything that belongs to it or
 * nothing at all, several tabs may write at once, and files are stored as files. (OPFS has no transactions, its fast
 * handles lock other tabs out, and private windows lack it more often.)
 */
import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import { ADDITIONS_DATABASE } from "./device";
import { continued, lineageOf, type Lineage, type Seen } from "./lineage";
import { AdditionsError, type Addition } from "./types";

const DATABASE_VERSION = 1;
/** How long (ms) a removed picture can be brought back. */
export const RESTORABLE_MS = 10 * 60_000;

type Kept = Addition & { site: string };

interface Schema extends DBSchema {
  sites: { key: string; value: Lineage };
  pictures: { key: [string, string]; value: Kept; indexes: { site: string } };
  originals: { key: [string, string]; value: { site: string; id: string; file: Blob } };
}

export class Store {
  private lineage: Promise<Lineage> | null = null;

  /** @param site the key of this site's additions among those of all sites of the origin */
  private constructor(private readonly database: IDBPDatabase<Schema>, readonly site: string, private readonly seen: Seen) {}

  /**
   * Open what belongs to a site; the site is remembered once something is stored for it.
   * @throws AdditionsError if the browser does not let the page store anything
   */
  static async open(seen: Seen, onLost: () => void): Promise<Store> {
    try {
      const database = await openDB<Schema>(ADDITIONS_DATABASE, DATABASE_VERSION, {
        upgrade(fresh) {
          fresh.createObjectStore("sites", { keyPath: "key" });
          fresh.createObjectStore("pictures", { keyPath: ["site", "id"] }).createIndex("site", "site");
          fresh.createObjectStore("originals", { keyPath: ["site", "id"] });
        },
        // Give way to a newer version of this program in another tab.
        blocking: (_, __, event) => { (event.target as IDBDatabase).close(); onLost(); },
        terminated: onLost,
      });
      const before = await continued(await database.getAll("sites"), seen);
      const store = new Store(database, before?.key ?? keyOf(seen), seen);
      // Only a site with additions leaves a trace, and only a new build has something new to remember.
      if (before && (before.hash !== seen.hash || before.address !== seen.address)) await database.put("sites", await store.remembered());
      return store;
    } catch (error) {
      throw storageProblem(error, "open");
    }
  }

  /** All additions of the site, removed ones included, oldest first. */
  async all(): Promise<Addition[]> {
    const found = await this.guarded(() => this.database.getAllFromIndex("pictures", "site", this.site));
    return found.sort((a, b) => a.added - b.added || (a.id < b.id ? -1 : 1));
  }

  /** Store a picture with its file: both or, if there is no space, neither. */
  async put(addition: Addition, file: Blob): Promise<void> {
    // Do this before the transaction, which ends as soon as it is idle.
    const lineage = await this.remembered();
    await this.write(["sites", "pictures", "originals"], async (transaction) => {
      await transaction.objectStore("sites").put(lineage);
      await transaction.objectStore("originals").put({ site: this.site, id: addition.id, file });
      await transaction.objectStore("pictures").put({ ...addition, site: this.site });
    });
  }

  /** Change some pictures; those that are no longer there are skipped. Returns the ids that were there. */
  async update(ids: readonly string[], change: (addition: Addition) => Partial<Addition>): Promise<string[]> {
    const changed: string[] = [];
    await this.write(["pictures"], async (transaction) => {
      const pictures = transaction.objectStore("pictures");
      for (const id of ids) {
        const known = await pictures.get([this.site, id]);
        if (!known) continue;
        await pictures.put({ ...known, ...change(known) });
        changed.push(id);
      }
    });
    return changed;
  }

  /** Delete pictures for good. */
  async delete(ids: readonly string[]): Promise<void> {
    if (!ids.length) return;
    await this.write(["pictures", "originals"], async (transaction) => {
      for (const id of ids) {
        await transaction.objectStore("pictures").delete([this.site, id]);
        await transaction.objectStore("originals").delete([this.site, id]);
      }
    });
  }

  /** The file of a picture as it was added; null if it is gone. */
  async original(id: string): Promise<Blob | null> {
    return (await this.guarded(() => this.database.get("originals", [this.site, id])))?.file ?? null;
  }

  close(): void {
    this.database.close();
  }

  /** What is stored of the site itself. */
  private remembered(): Promise<Lineage> {
    this.lineage ??= lineageOf(this.site, this.seen).catch((error: unknown) => {
      this.lineage = null;
      throw error;
    });
    return this.lineage;
  }

  private async write(
    names: ("sites" | "pictures" | "originals")[],
    work: (transaction: ReturnType<typeof this.transaction>) => Promise<void>,
  ): Promise<void> {
    await this.guarded(async () => {
      const transaction = this.transaction(names);
      // `done` fails with the reason if the device has no space; what was written is undone.
      const done = transaction.done;
      done.catch(() => undefined);
      try {
        await work(transaction);
      } catch (error) {
        try { transaction.abort(); } catch { /* It has ended already. */ }
        throw transaction.error ?? error;
      }
      await done;
    });
  }

  private transaction(names: ("sites" | "pictures" | "originals")[]) {
    return this.database.transaction(names, "readwrite");
  }

  private async guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw storageProblem(error, "use");
    }
  }
}

/** The error to show if the browser refuses. */
function storageProblem(error: unknown, when: "open" | "use"): Error {
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  if (name === "LoadError" || name === "FormatError") return error as Error;
  if (name === "QuotaExceededError") {
    return new AdditionsError("This device is out of storage space, so the picture was not added. Export and remove some pictures, then try again.");
  }
  if (when === "open" || name === "SecurityError" || name === "InvalidStateError") {
    return new AdditionsError("This browser does not let the page keep pictures on this device (a private window, or storage is blocked for this site).");
  }
  return new AdditionsError(`The device could not store the change${error instanceof Error && error.message ? ` (${error.message})` : ""}.`);
}

/** The same in every tab that shows this build, before anything is stored. */
function keyOf({ address, hash }: Seen): string {
  return `${address} ${hash}`;
}
