/** The page's side of the worker: every call ends, in a result or in an error, even when the worker dies. */
import { abortable } from "../base/async";
import { LoadError } from "../format/errors";
import type { AdditionsState } from "../additions/types";
import type { Answer, LoadProgress, Manifest } from "../engine/types";
import { decodeError, type CallName, type Calls, type FromWorker, type ToWorker } from "./messages";

/** The part of `Worker` that is used; tests give another. */
export interface WorkerLike {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  addEventListener(type: "error" | "messageerror", listener: (event: Event) => void): void;
  terminate(): void;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  onPartial?: ((response: Answer) => void) | undefined;
  transfer?: Transferable[];
}

interface Pending {
  resolve: (value: never) => void;
  reject: (reason: unknown) => void;
  onPartial?: ((response: Answer) => void) | undefined;
}

/**
 * One collection in a worker. A worker that dies fails what is under way with a retryable LoadError; the
 * next call starts a new one and opens the collection again.
 */
export class WorkerClient {
  private worker: WorkerLike | null = null;
  private opened: Promise<Manifest> | null = null;
  private ready = false;
  private closed = false;
  private nextId = 1;
  private readonly pending = new Map<number, Pending>();
  private readonly listeners = new Set<(progress: LoadProgress) => void>();
  private readonly additionsListeners = new Set<(state: AdditionsState) => void>();

  /** @param additions whether pictures may be added on this device */
  constructor(private readonly start: () => WorkerLike, private readonly url: string, private readonly additions = false) {}

  /** Start the worker, if need be, and open the collection. */
  open(signal?: AbortSignal): Promise<Manifest> {
    this.opened ??= this.send("open", { url: this.url, ...(this.additions ? { additions: true } : {}) }, {}).then((manifest) => {
      this.ready = true;
      return manifest;
    }, (error: unknown) => {
      this.opened = null;
      throw error;
    });
    return abortable(this.opened, signal);
  }

  async call<N extends CallName>(name: N, args: Calls[N]["args"], options: CallOptions = {}): Promise<Calls[N]["result"]> {
    options.signal?.throwIfAborted();
    // Once it is open the message leaves before the page is drawn anew.
    if (!this.ready) await this.open(options.signal);
    options.signal?.throwIfAborted();
    return await this.send(name, args, options);
  }

  onProgress(listener: (progress: LoadProgress) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  onAdditions(listener: (state: AdditionsState) => void): () => void {
    this.additionsListeners.add(listener);
    return () => this.additionsListeners.delete(listener);
  }

  /** Stop the worker; what is under way is rejected with an AbortError, and so is every later call. */
  close(): void {
    this.closed = true;
    this.fail(new DOMException("The collection was closed.", "AbortError"));
  }

  private send<N extends CallName>(name: N, args: Calls[N]["args"], options: CallOptions): Promise<Calls[N]["result"]> {
    return new Promise<Calls[N]["result"]>((resolve, reject) => {
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
        worker.postMessage({ kind: name, id, ...args }, options.transfer ?? []);
      } catch (error) {
        this.pending.delete(id);
        settle();
        reject(error);
      }
    });
  }

  private ensure(): WorkerLike {
    if (this.worker) return this.worker;
    const worker = this.start();
    worker.addEventListener("message", (event) => { if (worker === this.worker) this.receive(event.data as FromWorker); });
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
        this.take(message.id)?.resolve(message.value as never);
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
    this.worker?.terminate();
    this.worker = null;
    this.opened = null;
    this.ready = false;
    const all = [...this.pending.values()];
    this.pending.clear();
    for (const { reject } of all) reject(reason);
  }
}
