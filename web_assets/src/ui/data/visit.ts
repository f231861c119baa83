/** What a visit has transferred, by kind, from the browser's own records of requests. Pure. */
import { MOST_REQUESTS, type Recorded, type Request } from "../../base/requests";

export type Kind = "page" | "pictures" | "lists" | "words" | "meaning" | "model" | "other";

export interface Amounts {
  requests: number;
  bytes: number;
  /** How many of the requests needed no network. */
  kept: number;
}

export interface Cost {
  /** The kinds that have requests. */
  parts: (Amounts & { kind: Kind })[];
  all: Amounts;
  /** Requests to other hosts that do not tell a page how large their answers are. */
  unknown: number;
  /** Whether bytes may be missing: a thread was stopped, does not answer, or has no room for more records. */
  partial: boolean;
}

/** What the threads of a visit have recorded; null if one does not run. */
export interface Threads {
  page: Recorded;
  worker: Recorded | null;
  service: Recorded | null;
}

/** How the names of a site's files begin (docs/FORMAT.md 2), and what the files are for. Columns are called like their fields. */
const NAMES: [RegExp, Kind][] = [
  [/^(thumbs|views|originals)\//, "pictures"],
  [/^model\/|^data\/(static|model|model-words)(-index)?\.|^assets\/(ort[-.]|tokenizers\.|weights\.)/, "model"],
  [/^data\/(first-terms|terms|places|pieces|postings|lengths|words)(-index)?\./, "words"],
  [/^data\/(vectors|coarse|coarse-codes|quantizer|cells|cell-sizes|cell-codes|cell-vectors|row-cells|map-[a-z]+)(-index)?\./, "meaning"],
  [/^(data|downloads)\/|^manifest\.json$/, "lists"],
  [/^(assets|lib|api|portable)\/|^[^/]*$/, "page"],
];
const ORDER: readonly Kind[] = ["page", "pictures", "lists", "words", "meaning", "model", "other"];

/**
 * @param address of a request
 * @param base the folder of the site
 */
export function kindOf(address: string, base: string): Kind {
  const path = address.startsWith(base) ? address.slice(base.length).replace(/[?#].*$/, "") : null;
  return (path === null ? undefined : NAMES.find(([pattern]) => pattern.test(path))?.[1]) ?? "other";
}

/**
 * Adds up a visit. A request that the service worker has answered counts with the bytes that it has loaded for it, so nothing counts twice.
 * @param base the folder of the site
 */
export function costOf({ page, worker, service }: Threads, base: string): Cost {
  const loaded = loadedBy(service, page.since);
  const parts = new Map<Kind, Amounts>();
  let [unknown, partial] = [0, [page, worker, service].some((thread) => thread && thread.requests.length >= MOST_REQUESTS)];
  const add = (kind: Kind, bytes: number): void => {
    const part = parts.get(kind) ?? { requests: 0, bytes: 0, kept: 0 };
    parts.set(kind, { requests: part.requests + 1, bytes: part.bytes + bytes, kept: part.kept + (bytes ? 0 : 1) });
  };
  for (const thread of worker ? [page, worker] : [page]) {
    for (const request of thread.requests) {
      if (!/^https?:/.test(request.name)) continue;
      // The service worker that was asked is gone, and its records with it.
      if (request.workerStart && (!service || thread.since + request.startTime < service.since)) partial = true;
      const kind = kindOf(request.name, base);
      if (kind === "other" && !request.encodedBodySize) unknown++;
      else add(kind, bytesOf(request, loaded));
    }
  }
  // What the service worker has stored in advance.
  for (const [name, bytes] of loaded) if (bytes) add(kindOf(name, base), bytes);
  const listed = ORDER.flatMap((kind) => (parts.has(kind) ? [{ kind, ...parts.get(kind)! }] : []));
  const sum = (key: keyof Amounts): number => listed.reduce((total, part) => total + part[key], 0);
  return { parts: listed, all: { requests: sum("requests"), bytes: sum("bytes"), kept: sum("kept") }, unknown, partial };
}

/** The bytes that the service worker has loaded during this visit, by address. It lives longer than a page. */
function loadedBy(service: Recorded | null, since: number): Map<string, number> {
  const loaded = new Map<string, number>();
  for (const { name, startTime, transferSize } of service?.requests ?? []) {
    if (service!.since + startTime >= since) loaded.set(name, (loaded.get(name) ?? 0) + transferSize);
  }
  return loaded;
}

/** The bytes of a request of the page or its worker. Those that the service worker has loaded are taken for the first one that asked. */
function bytesOf({ name, workerStart, transferSize, entryType }: Request, loaded: Map<string, number>): number {
  if (!workerStart) return transferSize;
  const bytes = loaded.get(name);
  loaded.delete(name);
  // Browsers give the page itself a size although the service worker had it.
  return bytes ?? (entryType === "navigation" ? 0 : transferSize);
}
