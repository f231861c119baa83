/**
 * The web APIs that pages, workers, service workers and Node all have, as far as the neutral folders use them.
 * Nothing else exists for their compiler: no `document`, no `indexedDB`, no `process`. Before you add a name here,
 * make sure that all four have it.
 */

declare function setTimeout(run: () => void, milliseconds?: number): number;
declare function clearTimeout(timer: number | undefined): void;
declare const performance: {
  now(): number;
  readonly timeOrigin: number;
  getEntriesByType(type: "resource"): { toJSON(): unknown }[];
  /** Node and some threads of some browsers have no such limit. */
  setResourceTimingBufferSize?(most: number): void;
};
/** `subtle` is missing on pages that are not served over https. */
declare var crypto: { readonly subtle: { digest(algorithm: "SHA-256", data: BufferSource): Promise<ArrayBuffer> } };

type BufferSource = ArrayBufferView<ArrayBuffer> | ArrayBuffer;

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
declare const AbortSignal: { any(signals: Iterable<AbortSignal>): AbortSignal };

declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

declare class URL {
  constructor(url: string, base?: string | URL);
  readonly href: string;
  readonly origin: string;
  hash: string;
  pathname: string;
  search: string;
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(input?: ArrayBufferView | ArrayBuffer): string;
}

declare class TextEncoder {
  encode(input: string): Uint8Array<ArrayBuffer>;
}

interface ReadableStreamDefaultReader<R> {
  read(): Promise<{ done: false; value: R } | { done: true; value?: undefined }>;
  cancel(reason?: unknown): Promise<void>;
}
interface ReadableStream<R = unknown> {
  getReader(): ReadableStreamDefaultReader<R>;
  cancel(reason?: unknown): Promise<void>;
  pipeThrough<T>(pair: { readable: ReadableStream<T>; writable: unknown }): ReadableStream<T>;
}
declare class DecompressionStream {
  constructor(format: "gzip");
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: unknown;
}

declare class Blob {
  constructor(parts?: (BufferSource | Blob | string)[], options?: { type?: string });
  readonly size: number;
  readonly type: string;
  arrayBuffer(): Promise<ArrayBuffer>;
  stream(): ReadableStream<Uint8Array<ArrayBuffer>>;
}

interface RequestInit {
  signal?: AbortSignal | null;
  cache?: "default" | "no-cache" | "no-store" | "reload";
  priority?: "high" | "low" | "auto";
}
declare class Response {
  constructor(body?: BufferSource | ReadableStream | string | null);
  readonly ok: boolean;
  readonly status: number;
  readonly url: string;
  readonly headers: { get(name: string): string | null };
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null;
  arrayBuffer(): Promise<ArrayBuffer>;
  json(): Promise<unknown>;
  text(): Promise<string>;
}
declare function fetch(url: string | URL, init?: RequestInit): Promise<Response>;
