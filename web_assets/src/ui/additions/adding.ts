/** Adding pictures on this device: the queue, the stored pictures, and the effect of changes on the page. It uses the DOM only through `Means`. */
import type { AdditionChange, AdditionsState, AddOutcome, LocalAdditions } from "../../api/additions";
import { messageOf } from "../../base/errors";
import { INSPECTED_BYTES, kindOf, refusal, undecodable } from "../pictures/inspect";

/** One file that is being added. */
export interface Job {
  key: number;
  name: string;
  state: "waiting" | "working" | "added" | "known" | "failed";
  /** A message about it; null if there is none. */
  message: string | null;
  /** The image id, once it is known. */
  id: string | null;
}

export interface Room {
  /** Bytes that this origin uses, and may use. */
  used: number;
  quota: number;
}

export interface AddingState {
  open: boolean;
  /** Null until they are known. */
  additions: AdditionsState | null;
  jobs: readonly Job[];
  room: Room | null;
  /** Names of local copies that were deleted because the pictures have been published. */
  retired: readonly string[];
  busy: "export" | "import" | null;
  problem: string | null;
}

/** What this needs from the browser and the page. */
export interface Means {
  port: () => LocalAdditions | undefined;
  /** Called when searches have other results from now on. */
  changed: (state: AdditionsState) => void;
  say: (text: string, undo?: () => void) => void;
  rasterise: (file: Blob) => Promise<Blob>;
  persist: () => Promise<unknown>;
  estimate: () => Promise<Room | null>;
  /** Offer a file to the person as a download. */
  download: (file: Blob, name: string) => void;
}

const BUNDLE = /\.zip$/i;

export class Adding {
  state: AddingState = { open: false, additions: null, jobs: [], room: null, retired: [], busy: null, problem: null };
  readonly #means: Means;
  readonly #listeners = new Set<() => void>();
  #turn: Promise<unknown> = Promise.resolve();
  #next = 0;
  #persisted = false;

  constructor(means: Means) {
    this.#means = means;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Read what is stored, now and after every change, also in other tabs. */
  async start(): Promise<void> {
    const port = this.#means.port();
    if (!port) return;
    port.onChange((state) => this.#took(state));
    const first = await port.state();
    this.#set({ retired: first.retired });
    this.#took(first);
  }

  show(open: boolean): void {
    // Finished jobs are removed; failures stay until they have been seen.
    this.#set({ open, problem: null, ...(open ? {} : { jobs: this.state.jobs.filter(({ state }) => state === "waiting" || state === "working") }) });
    if (open) void this.#measure();
  }

  /** Add files: pictures one after another, and the pictures of bundles. */
  async add(files: readonly File[]): Promise<void> {
    if (!files.length) return;
    const port = this.#means.port();
    if (!port) return;
    this.#set({ problem: null });
    const bundles = files.filter(({ name, type }) => BUNDLE.test(name) || type === "application/zip");
    const pictures = files.filter((file) => !bundles.includes(file));
    const jobs = pictures.map((file): [Job, File] =>
      [{ key: this.#next++, name: file.name || "Pasted picture", state: "waiting", message: null, id: null }, file]);
    this.#set({ jobs: [...this.state.jobs, ...jobs.map(([job]) => job)] });
    if (!this.#persisted) {
      // Asked once: the browser then does not delete the pictures when it needs space.
      this.#persisted = true;
      void this.#means.persist().catch(() => undefined);
    }
    const work = jobs.map(([job, file]) => {
      const done = this.#turn.then(() => this.#run(port, job.key, job.name, file));
      this.#turn = done;
      return done;
    });
    for (const bundle of bundles) await this.#import(port, bundle);
    await Promise.all(work);
    void this.#measure();
  }

  async edit(id: string, change: AdditionChange): Promise<void> {
    await this.#means.port()?.edit(id, change);
    this.#means.say("Saved on this device");
  }

  async remove(ids: string[], name: string): Promise<void> {
    await this.#attempt(async (port) => {
      await port.remove(ids);
      this.#means.say(ids.length === 1 ? `“${name}” was removed.` : `${String(ids.length)} pictures were removed.`, () => void this.restore(ids));
    });
  }

  async restore(ids: string[]): Promise<void> {
    await this.#attempt((port) => port.restore(ids));
  }

  async export(title: string): Promise<void> {
    this.#set({ busy: "export", problem: null });
    await this.#attempt(async (port) => {
      this.#means.download(await port.export(), bundleName(title));
    });
    this.#set({ busy: null });
  }

  async original(id: string): Promise<Blob> {
    const port = this.#means.port();
    if (!port) throw new Error("The collection is not open yet.");
    return await port.original(id);
  }

  dismissRetired(): void {
    this.#set({ retired: [] });
  }

  async #import(port: LocalAdditions, file: File): Promise<void> {
    this.#set({ busy: "import" });
    await this.#attempt(async () => {
      const { added, known } = await port.import(file);
      this.#means.say(`${String(added)} added from the bundle${known ? `, ${String(known)} already here` : ""}`);
    });
    this.#set({ busy: null });
  }

  async #run(port: LocalAdditions, key: number, name: string, file: File): Promise<void> {
    this.#job(key, { state: "working" });
    const head = new Uint8Array(await file.slice(0, INSPECTED_BYTES).arrayBuffer());
    const refused = refusal(file.size, head);
    if (refused) return this.#job(key, { state: "failed", message: refused });
    const kind = kindOf(head);
    try {
      const raster = kind === "svg" ? { raster: await this.#means.rasterise(file) } : {};
      const outcome = await port.add({ file, name, ...raster });
      this.#job(key, { id: outcome.id, state: outcome.kind, message: said(outcome) });
    } catch (error) {
      const undecoded = error instanceof Error && error.name === "PictureError";
      this.#job(key, { state: "failed", message: undecoded ? undecodable(kind) : messageOf(error) });
    }
  }

  async #attempt(work: (port: LocalAdditions) => Promise<void>): Promise<void> {
    const port = this.#means.port();
    if (!port) return;
    try {
      await work(port);
    } catch (error) {
      this.#set({ problem: messageOf(error) });
      if (!this.state.open) this.#means.say(messageOf(error));
    }
  }

  #took(additions: AdditionsState): void {
    const before = this.state.additions;
    this.#set({ additions });
    if (before ? before.version !== additions.version : additions.count > 0) this.#means.changed(additions);
  }

  #job(key: number, change: Partial<Job>): void {
    this.#set({ jobs: this.state.jobs.map((job) => (job.key === key ? { ...job, ...change } : job)) });
  }

  async #measure(): Promise<void> {
    const room = await this.#means.estimate().catch(() => null);
    this.#set({ room });
  }

  #set(change: Partial<AddingState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of [...this.#listeners]) listener();
  }
}

/** The file name of an exported bundle: the collection's title in plain letters, and the date. */
export function bundleName(title: string, day = new Date().toISOString().slice(0, 10)): string {
  const plain = title.normalize("NFKD").replace(/\p{M}/gu, "").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 40).toLowerCase();
  return `${plain || "pictures"}-additions-${day}.zip`;
}

function said(outcome: AddOutcome): string | null {
  if (outcome.kind === "added") return null;
  return outcome.where === "collection" ? "This picture is already in the collection." : "You have already added this picture.";
}
