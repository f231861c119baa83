/** The page's side of the worker: every call ends, in a result or in an error, even when the worker dies. */
import { abortable } from "../base/async";
import type { Recorded } from "../base/requests";
import { LoadError } from "../format/errors";
import type { AdditionsState } from "../additions/types";
import type { Answer, LoadProgress, Manifest } from "../engine/types";
import type { SearchOptions } from "../engine/methods";
import { decodeError, type FromWorker, type ToWorker } from "./messages";
import { derive, type Target, type Targets } from "./methods";

/** Checks and replaces the files of the program. Both resolve with what is wrong, in a sentence, or with "". */
export interface Program {
  check(): Promise<string>;
  repair(): Promise<string>;
}

/** Milliseconds without a word from a new worker, after which its script is checked. */
const SILENCE = 10_000;

/** The part of `Worker` that is used; tests pass a substitute. */
export interface WorkerLike {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  addEventListener(type: "error" | "messageerror", listener: (event: Event) => void): void;
  terminate(): void;
}

interface Pending {
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
  onPartial?: ((response: Answer) => void) | undefined;
}

/**
 * One collection in a worker. If the worker dies, the calls under way fail with a retryable LoadError; the
 * next call starts another worker and opens the collection again. If its script or a module of it arrived damaged,
 * the program's files are replaced first.
 */
export class WorkerClient {
  private worker: WorkerLike | null = null;
  private opened: Promise<Manifest> | null = null;
  private ready = false;
  /** Whether the worker has answered anything: until then its script may not have run at all. */
  private heard = false;
  /** Whether a module of the program failed in this worker, which cannot load it again. */
  private spoiled = false;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private closed = false;
  private nextId = 1;
  private readonly pending = new Map<number, Pending>();
  private readonly listeners = new Set<(progress: LoadProgress) => void>();
  private readonly additionsListeners = new Set<(state: AdditionsState) => void>();

  /**
   * @param additions whether pictures may be added on this device
   * @param program null if its files cannot be checked
   * @param search whether a search follows at once
   */
  constructor(
    private readonly start: () => WorkerLike, private readonly url: string, private readonly additions = false,
    private readonly program: Program | null = null, private readonly search = true,
  ) {}

  /** Start the worker if it does not run, and open the collection. */
  open(signal?: AbortSignal | undefined): Promise<Manifest> {
    this.opened ??= this.begin().then((manifest) => {
      this.ready = true;
      return manifest;
    }, (error: unknown) => {
      this.opened = null;
      throw error;
    });
    return abortable(this.opened, signal);
  }

  private async begin(): Promise<Manifest> {
    const message = (id: number): ToWorker => ({ kind: "open", id, url: this.url, additions: this.additions, search: this.search });
    if (this.spoiled) await this.repair();
    try {
      return await this.send(message, {}) as Manifest;
    } catch (error) {
      if (this.heard || this.closed || !this.program || !(error instanceof LoadError)) throw error;
    }
    await this.repair();
    return await this.send(message, {}) as Manifest;
  }

  private async repair(): Promise<void> {
    const fault = await this.program?.repair();
    if (fault) throw new LoadError(`A part of the program could not be loaded. ${fault}`, this.url, 0, true);
    this.spoiled = false;
  }

  /** The methods of a target; each one sends a call to the worker. */
  methods<T extends Target>(target: T): Targets[T] {
    return derive(target, (method, streams) => async (...args) => {
      if (!streams) return await this.call(target, method, args, {});
      const [request, options = {}] = args as [unknown, SearchOptions?];
      return await this.call(target, method, [request], options);
    });
  }

  onProgress(listener: (progress: LoadProgress) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  onAdditions(listener: (state: AdditionsState) => void): () => void {
    this.additionsListeners.add(listener);
    return () => this.additionsListeners.delete(listener);
  }

  /** Tell the worker whether the page is loading pictures that are on screen, so that its own requests wait. */
  pictures(loading: boolean): void {
    if (this.ready) this.worker?.postMessage({ kind: "pictures", loading } satisfies ToWorker);
  }

  /** What the worker has requested; null if it does not run. */
  async requests(): Promise<Recorded | null> {
    return this.ready ? await this.send((id) => ({ kind: "requests", id }), {}) as Recorded : null;
  }

  /** Stop the worker. The calls under way are rejected with an AbortError, and so is every later call. */
  close(): void {
    this.closed = true;
    this.fail(new DOMException("The collection was closed.", "AbortError"));
  }

  private async call(target: Target, method: string, args: unknown[], options: SearchOptions): Promise<unknown> {
    options.signal?.throwIfAborted();
    // Calls under way do not need the part that is damaged, so they may end.
    if (this.spoiled && this.ready && !this.pending.size) this.fail(null);
    // If the worker is open, the message is sent before the page is redrawn.
    if (!this.ready) await this.open(options.signal);
    options.signal?.throwIfAborted();
    return await this.send((id) => ({ kind: "call", id, target, method, args, partial: options.onPartial !== undefined }), options);
  }

  private send(message: (id: number) => ToWorker, options: SearchOptions): Promise<unknown> {
    return new Promise<unknown>((resolve, reject) => {
      if (this.closed) throw new DOMException("The collection was closed.", "AbortError");
      const worker = this.ensure();
      const id = this.nextId++;
      const { signal } = options;
      const onAbort = () => {
        this.pending.delete(id);
        this.worker?.postMessage({ kind: "abort", id } satisfies ToWorker);
        reject(signal!.reason);
      };
      const settle = () => signal?.removeEventListener("abort", onAbort);
      this.pending.set(id, {
        resolve: (value) => { settle(); resolve(value); },
        reject: (reason) => { settle(); reject(reason); },
        onPartial: options.onPartial,
      });
      signal?.addEventListener("abort", onAbort, { once: true });
      try {
        worker.postMessage(message(id));
      } catch (error) {
        this.pending.delete(id);
        settle();
        reject(error);
      }
    });
  }

  private ensure(): WorkerLike {
    if (this.worker) return this.worker;
    const worker = this.launch();
    this.heard = false;
    worker.addEventListener("message", (event) => {
      if (worker !== this.worker) return;
      this.heard = true;
      this.receive(event.data as FromWorker);
    });
    this.silence = setTimeout(() => { void this.suspect(worker); }, SILENCE);
    const crash = (event: Event) => {
      if (worker !== this.worker) return;
      const detail = (event as Partial<ErrorEvent>).message;
      this.fail(new LoadError(
        `The search worker stopped${detail ? ` (${detail})` : ""}. Try again.`, this.url, 0, true,
      ));
    };
    worker.addEventListener("error", crash);
    worker.addEventListener("messageerror", crash);
    this.worker = worker;
    return worker;
  }

  private launch(): WorkerLike {
    try {
      return this.start();
    } catch (cause) {
      throw new LoadError(
        `This browser does not let the page start its search${cause instanceof Error ? ` (${cause.message})` : ""}. If the page is in a frame, open it in a tab of its own.`,
        this.url, 0, false, { cause },
      );
    }
  }

  /** A script that was cut between two statements runs without an error and without an answer. */
  private async suspect(worker: WorkerLike): Promise<void> {
    if (this.heard || worker !== this.worker) return;
    const fault = await this.program?.check();
    if (fault && !this.heard && worker === this.worker) this.fail(new LoadError(fault, this.url, 0, true));
  }

  private receive(message: FromWorker): void {
    switch (message.kind) {
      case "progress":
        for (const listener of this.listeners) listener(message.progress);
        return;
      case "additions-changed":
        for (const listener of this.additionsListeners) listener(message.state);
        return;
      case "partial":
        this.pending.get(message.id)?.onPartial?.(message.response);
        return;
      case "result":
        this.take(message.id)?.resolve(message.value);
        return;
      case "damaged":
        if (message.lasting) this.spoiled = true;
        else void this.program?.repair().catch(() => undefined);
        return;
      case "error":
        this.take(message.id)?.reject(decodeError(message.error));
    }
  }

  private take(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    return pending;
  }

  private fail(reason: unknown): void {
    clearTimeout(this.silence);
    this.worker?.terminate();
    this.worker = null;
    this.opened = null;
    this.ready = false;
    const all = [...this.pending.values()];
    this.pending.clear();
    for (const { reject } of all) reject(reason);
  }
}
