/** Documents, kept for a while: results, detail view and neighbours ask for the same ones. */
import type { ImageDocument } from "../engine/types";

const MOST_KEPT = 2000;

export class Documents {
  readonly #load: (row: number) => Promise<ImageDocument>;
  readonly #promises = new Map<number, Promise<ImageDocument>>();
  readonly #known = new Map<number, ImageDocument>();

  constructor(load: (row: number) => Promise<ImageDocument>) {
    this.#load = load;
  }

  /** The document of a row if it is loaded. */
  now(row: number): ImageDocument | null {
    return this.#known.get(row) ?? null;
  }

  get(row: number): Promise<ImageDocument> {
    const asked = this.#promises.get(row);
    if (asked) return asked;
    const promise = this.#load(row);
    this.#promises.set(row, promise);
    promise.then(
      (document) => { if (this.#promises.get(row) === promise) this.#known.set(row, document); },
      () => { if (this.#promises.get(row) === promise) this.#promises.delete(row); },
    );
    if (this.#promises.size > MOST_KEPT) {
      const [oldest] = this.#promises.keys();
      if (oldest !== undefined) this.#forget(oldest);
    }
    return promise;
  }

  clear(): void {
    this.#promises.clear();
    this.#known.clear();
  }

  #forget(row: number): void {
    this.#promises.delete(row);
    this.#known.delete(row);
  }
}
