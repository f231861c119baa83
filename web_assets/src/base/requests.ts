/** What the browser has recorded of the requests of a thread: the page, its worker or the service worker. */

/** The most requests that a thread records. Browsers begin with 250. */
export const MOST_REQUESTS = 10_000;

/** One request as the browser writes it (`PerformanceResourceTiming`). */
export interface Request {
  name: string;
  entryType: string;
  /** When it began, in ms since `Recorded.since`. */
  startTime: number;
  /** Not 0 if a service worker was asked. */
  workerStart: number;
  /** Bytes that came over the network, with headers; 0 for what was there already, and for other hosts that do not tell. */
  transferSize: number;
  /** Bytes of the content; 0 for other hosts that do not tell. */
  encodedBodySize: number;
}

export interface Recorded {
  /** The beginning of the thread, in ms since 1970. */
  since: number;
  requests: Request[];
}

/** A message from the page to the service worker, with a port for the answer (`Recorded`): what has this thread requested? */
export interface RequestsMessage {
  type: "requests";
}

/** Makes room for the requests of this thread; called when it starts. */
export function recordRequests(): void {
  performance.setResourceTimingBufferSize?.(MOST_REQUESTS);
}

/** Everything that this thread has requested. */
export function recorded(): Recorded {
  return { since: performance.timeOrigin, requests: performance.getEntriesByType("resource").map((entry) => entry.toJSON() as Request) };
}
