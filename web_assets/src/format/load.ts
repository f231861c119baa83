/** Fetching the files of a site, as docs/FORMAT.md 1.2 asks: look for gzip, check length and hash, try again. */
import { areWhole } from "../base/hash";
import { checkPath, type FileEntry } from "./entry";
import { FormatError, LoadError } from "./errors";
import { decodeManifest } from "./manifest-checksum";

export interface LoadOptions {
  fetch: typeof fetch;
  signal?: AbortSignal;
  /** How urgent the request is. */
  priority?: "high" | "low" | "auto";
  /** Called as bytes arrive: `loaded` and `total` count stored bytes, so that `total` is the entry's. */
  onProgress?: (loaded: number, total: number) => void;
  /** Whether no cache may answer, because a copy in it is damaged. */
  fresh?: boolean;
  /** Called if the hash could not be checked: the host decoded the file, or this browser cannot compute it. */
  onUnverified?: () => void;
  /** How many more tries follow a temporary failure; 2 by default. */
  retries?: number;
  /** The pause before try n (from 1), in milliseconds; for tests. */
  pause?: (attempt: number) => number;
}

/** The expected size and hash of a stored file. */
export type Stored = Omit<FileEntry, "path">;

/** The largest allowed manifest, in bytes. */
const MOST_JSON = 4 << 20;
const GZIP_MAGIC = [0x1f, 0x8b] as const;
const RETRYABLE_STATUS = new Set([408, 425, 429, 500, 502, 503, 504, 522, 524]);

/** The address of a file of the site whose manifest is at `base`. Throws FormatError for a path that leads elsewhere. */
export function resolvePath(base: string, path: string): string {
  checkPath(path);
  return new URL(path.split("/").map(encodeURIComponent).join("/"), base).href;
}

/**
 * Fetch a file of the site and give its decoded content, `entry.raw_bytes` bytes long.
 * @throws LoadError if it does not arrive whole and undamaged within the tries; the signal's reason on abort
 */
export async function loadFile(base: string, entry: FileEntry, options: LoadOptions): Promise<Uint8Array<ArrayBuffer>> {
  return await loadFrom(resolvePath(base, entry.path), entry, options);
}

/** The same for a file at a known address. */
export async function loadFrom(url: string, entry: Stored, options: LoadOptions): Promise<Uint8Array<ArrayBuffer>> {
  const retries = options.retries ?? 2;
  for (let attempt = 0; ; attempt++) {
    try {
      return await loadOnce(url, entry, options, options.fresh === true || attempt > 0);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof LoadError) || !error.retryable || attempt >= retries) throw error;
      await sleep(options.pause?.(attempt + 1) ?? 300 * 4 ** attempt, options.signal);
    }
  }
}

/**
 * Fetch manifest.json: always revalidated, and checked by the checksum that it has of itself.
 * @throws LoadError if it does not arrive whole and undamaged within the tries; the signal's reason on abort
 */
export async function loadManifest(url: string, options: LoadOptions): Promise<unknown> {
  const retries = options.retries ?? 2;
  for (let attempt = 0; ; attempt++) {
    try {
      // A second try must not get the damaged copy from a cache.
      const response = await request(url, options, { cache: attempt ? "reload" : "no-cache" });
      const bytes = await readBody(response, url, MOST_JSON, (loaded) => options.onProgress?.(loaded, loaded), options.signal);
      return await decodeManifest(bytes, url);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof LoadError) || !error.retryable || attempt >= retries) throw error;
      await sleep(options.pause?.(attempt + 1) ?? 300 * 4 ** attempt, options.signal);
    }
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === GZIP_MAGIC[0] && bytes[1] === GZIP_MAGIC[1];
}

/**
 * The content of gzip-compressed bytes, at most `limit` bytes of it.
 * @throws FormatError for data that are damaged, cut short or longer than `limit`
 */
export async function gunzip(bytes: Uint8Array<ArrayBuffer>, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const reader = stream.getReader();
  const result = new Uint8Array(limit);
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (length + value.length > limit) {
        await reader.cancel();
        throw new FormatError(`A gzip-compressed file contains more than the ${limit} bytes that were announced.`);
      }
      result.set(value, length);
      length += value.length;
    }
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new FormatError("A gzip-compressed file is damaged or cut short.", { cause });
  }
  return length === limit ? result : result.slice(0, length);
}

async function loadOnce(
  url: string, entry: Stored, options: LoadOptions, fresh: boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  // A second try must not get the damaged copy from a cache.
  const response = await request(url, options, fresh ? { cache: "reload" } : {});
  const compressed = entry.bytes !== entry.raw_bytes;
  let decodedByHost: boolean | null = null;
  const received = await readBody(response, url, Math.max(entry.bytes, entry.raw_bytes), (loaded, first) => {
    decodedByHost ??= compressed && !isGzip(first);
    const stored = decodedByHost ? Math.round((loaded * entry.bytes) / entry.raw_bytes) : loaded;
    options.onProgress?.(Math.min(stored, entry.bytes), entry.bytes);
  }, options.signal, Math.max(entry.bytes, compressed ? 0 : entry.raw_bytes));
  const content = await decodeStored(received, entry, url);
  if (received.length !== entry.bytes || !globalThis.crypto?.subtle) options.onUnverified?.();
  return content;
}

/**
 * The content of a stored file, after all checks.
 * @throws LoadError if the bytes are not those that were announced; `url` names them
 */
export async function decodeStored(received: Uint8Array<ArrayBuffer>, entry: Stored, url: string): Promise<Uint8Array<ArrayBuffer>> {
  const stored = received.length === entry.bytes;
  if (stored && !await areWhole(received, entry, true)) {
    throw new LoadError(`${url} is not the file that was announced (another SHA-256).`, url, 0, true);
  }
  if (!stored && isGzip(received)) {
    throw new LoadError(`${url} has ${received.length} bytes instead of ${entry.bytes}: it arrived incomplete or is another file.`, url, 0, true);
  }
  let content = received;
  if (isGzip(received)) {
    try {
      content = await gunzip(received, entry.raw_bytes);
    } catch (cause) {
      throw new LoadError(`${url} arrived damaged: ${(cause as Error).message}`, url, 0, true, { cause });
    }
  }
  if (content.length !== entry.raw_bytes) {
    throw new LoadError(
      `${url} has ${content.length} bytes instead of ${entry.raw_bytes}: it arrived incomplete or is another file.`, url, 0, true,
    );
  }
  return content;
}

async function request(url: string, options: LoadOptions, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    // Called as a plain function: browsers refuse `fetch` as a method of another object.
    const { fetch } = options;
    const { signal, priority } = options;
    response = await fetch(url, { ...init, ...(signal ? { signal } : {}), ...(priority ? { priority } : {}) });
  } catch (cause) {
    options.signal?.throwIfAborted();
    if (cause instanceof LoadError) throw cause;
    throw new LoadError(`${url} cannot be reached. Check the connection and try again.`, url, 0, true, { cause });
  }
  if (!response.ok) {
    const { status } = response;
    await response.body?.cancel().catch(() => undefined);
    const advice = status === 404
      ? "The site may just have been updated. Reload the page."
      : "Try again later.";
    throw new LoadError(`${url} could not be loaded (HTTP ${status}). ${advice}`, url, status, RETRYABLE_STATUS.has(status));
  }
  return response;
}

/** Read a body of at most `limit` bytes into one array, of `expected` bytes at first. */
async function readBody(
  response: Response, url: string, limit: number, onChunk: (loaded: number, first: Uint8Array) => void,
  signal?: AbortSignal, expected = 0,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!response.body) return new Uint8Array(await response.arrayBuffer());
  const reader = response.body.getReader();
  let buffer = new Uint8Array(expected);
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const needed = length + value.length;
      if (needed > limit) {
        await reader.cancel();
        throw new LoadError(`${url} is larger than announced.`, url, 0, true);
      }
      if (needed > buffer.length) {
        const grown = new Uint8Array(Math.min(limit, Math.max(needed, buffer.length * 2)));
        grown.set(buffer.subarray(0, length));
        buffer = grown;
      }
      buffer.set(value, length);
      length = needed;
      onChunk(length, buffer.subarray(0, 2));
    }
  } catch (cause) {
    if (cause instanceof LoadError) throw cause;
    signal?.throwIfAborted();
    throw new LoadError(`${url} was only partly loaded. Check the connection and try again.`, url, 0, true, { cause });
  }
  return length === buffer.length ? buffer : buffer.slice(0, length);
}

function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    signal?.addEventListener("abort", stop, { once: true });
  });
}
