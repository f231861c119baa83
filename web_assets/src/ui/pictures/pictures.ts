/** The pictures of a query: accepted, checked, embedded one after another, and kept on this device. */
import { own } from "../../base/own";
import { INSPECTED_BYTES, hashOf, kindOf, refusal, undecodable, type Kind } from "./inspect";
import { messageOf } from "../../base/errors";
import type { PictureTerm } from "../state/view";
import type { Kept, Shelf } from "./shelf";

export interface QueryPicture {
  hash: string;
  name: string;
  /** An address to show it by; null while it is being looked for. */
  url: string | null;
  state: "looking" | "waiting" | "embedding" | "ready" | "failed" | "missing";
  /** Why it cannot be used in a search. */
  message: string | null;
  /** Whether trying again may help. */
  retryable: boolean;
}

/** A file that was not accepted. */
export interface Refused {
  key: number;
  name: string;
  message: string;
}

export interface Means {
  shelf: Shelf;
  embed: (file: Blob) => Promise<Float32Array>;
  /** Identifies the model, so that embeddings of different models are not mixed up; null before it is known. */
  model: () => string | null;
  /** Makes a raster picture of a drawing. */
  rasterise: (file: Blob) => Promise<Blob>;
  now: () => number;
  /** An address of a file for `<img>`. */
  address: (file: Blob) => string;
}

interface Work {
  shown: QueryPicture;
  kept: Kept | null;
  kind: Kind;
  done: Promise<Float32Array | null>;
}

export class Pictures {
  readonly #means: Means;
  readonly #works = new Map<string, Work>();
  readonly #listeners = new Set<() => void>();
  #refused: readonly Refused[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  #next = 0;

  constructor(means: Means) {
    this.#means = means;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What to show of a picture; a new object whenever something changes. */
  get(hash: string): QueryPicture | null {
    return this.#works.get(hash)?.shown ?? null;
  }

  get refused(): readonly Refused[] {
    return this.#refused;
  }

  /** Hides one refused file, or all of them. */
  dismiss(key?: number): void {
    if (!this.#refused.length) return;
    this.#refused = key === undefined ? [] : this.#refused.filter((other) => other.key !== key);
    this.#tell();
  }

  /** Accepts files; returns the hashes of those that are pictures, in order, and lists the others as refused. */
  async add(files: readonly File[]): Promise<string[]> {
    this.#refused = [];
    const hashes: string[] = [];
    for (const file of files) {
      try {
        const hash = await this.#take(file);
        if (!hashes.includes(hash)) hashes.push(hash);
      } catch (error) {
        this.#refused = [...this.#refused, { key: this.#next++, name: file.name, message: messageOf(error) }];
      }
    }
    this.#tell();
    return hashes;
  }

  /**
   * The embeddings of a view's pictures with their weights, once each is ready or has failed; those that failed or
   * are not on this device are left out.
   */
  async embeddings(terms: readonly PictureTerm[]): Promise<{ embedding: Float32Array; weight: number }[]> {
    const found = await Promise.all(terms.map(async ({ hash, weight }) => {
      const embedding = await this.#work(hash).done;
      return embedding ? [{ embedding, weight }] : [];
    }));
    return found.flat();
  }

  /** Whether every picture that these terms name is available. */
  complete(terms: readonly PictureTerm[]): boolean {
    return terms.every(({ hash }) => this.get(hash)?.state === "ready");
  }

  /** Tries a picture again that failed. */
  retry(hash: string): void {
    const work = this.#works.get(hash);
    if (work?.shown.state !== "failed" && work?.shown.state !== "missing") return;
    if (work.kept) this.#start(hash, work.kept, work.kind);
    else this.#works.delete(hash);
    this.#tell();
  }

  /** Deletes every picture that is kept on this device; those of the current query stay until they are removed. */
  async forget(): Promise<void> {
    await this.#means.shelf.clear();
  }

  /** The file of a picture, as it was given. */
  file(hash: string): File | null {
    const kept = this.#works.get(hash)?.kept;
    return kept ? new File([kept.file], kept.name, { type: kept.file.type }) : null;
  }

  async #take(file: File): Promise<string> {
    const head = new Uint8Array(await file.slice(0, INSPECTED_BYTES).arrayBuffer());
    const reason = refusal(file.size, head);
    if (reason) throw new Error(reason);
    const hash = await hashOf(new Uint8Array(await file.arrayBuffer()));
    const { state } = this.#works.get(hash)?.shown ?? {};
    if (state && state !== "failed" && state !== "missing") return hash;
    const earlier = await this.#means.shelf.get(hash);
    const name = file.name || "Pasted picture";
    this.#start(hash, earlier ?? { hash, name, file, embeddings: {}, used: this.#means.now() }, kindOf(head));
    return hash;
  }

  /** The work on a picture; a picture that only a link names is looked for on the device. */
  #work(hash: string): Work {
    const known = this.#works.get(hash);
    if (known) return known;
    const work: Work = {
      shown: { hash, name: "Picture", url: null, state: "looking", message: null, retryable: false },
      kept: null, kind: "unknown", done: Promise.resolve(null),
    };
    this.#works.set(hash, work);
    work.done = this.#means.shelf.get(hash).then(async (kept) => {
      if (this.#works.get(hash) !== work) return await this.#work(hash).done;
      if (!kept) {
        this.#show(work, { state: "missing", message: "Links don't include your pictures, and this one isn't stored on this device. Drop it here or choose it again.", retryable: false });
        return null;
      }
      const head = new Uint8Array(await kept.file.slice(0, INSPECTED_BYTES).arrayBuffer());
      return await this.#start(hash, kept, kindOf(head)).done;
    });
    return work;
  }

  #start(hash: string, kept: Kept, kind: Kind): Work {
    const { address } = this.#means;
    const url = this.#works.get(hash)?.shown.url ?? address(kept.file);
    const work: Work = {
      shown: { hash, name: kept.name, url, state: "waiting", message: null, retryable: false }, kept, kind,
      done: Promise.resolve(null),
    };
    this.#works.set(hash, work);
    // One after another: the model cannot run two at once, and the progress stays clear.
    work.done = this.#turn.then(() => this.#embed(work, kept));
    this.#turn = work.done;
    this.#tell();
    return work;
  }

  async #embed(work: Work, kept: Kept): Promise<Float32Array | null> {
    const { shelf, model, embed, now } = this.#means;
    if (this.#works.get(kept.hash) !== work) return null;
    const name = model() ?? "";
    try {
      let embedding = own(kept.embeddings, name);
      if (!embedding) {
        this.#show(work, { state: "embedding" });
        const file = work.kind === "svg" ? await this.#means.rasterise(kept.file) : kept.file;
        embedding = await embed(file);
      }
      // Stored before it is shown as ready, so that a page that is loaded again at once still has it.
      await shelf.put({ ...kept, embeddings: { ...kept.embeddings, [name]: embedding }, used: now() });
      this.#show(work, { state: "ready" });
      return embedding;
    } catch (error) {
      const picture = work.kind === "svg" || (error instanceof Error && error.name === "PictureError");
      this.#show(work, {
        state: "failed", retryable: !picture,
        message: picture ? undecodable(work.kind) : `This picture could not be compared: ${messageOf(error)}`,
      });
      return null;
    }
  }

  #show(work: Work, change: Partial<QueryPicture>): void {
    work.shown = { ...work.shown, ...change };
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
