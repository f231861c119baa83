/** Picture files of the site. One is shown only if its bytes are those that the hash in its name was made of. */
import { areWhole, hashInName } from "../base/hash";

export class FailedPicture extends Error {}

/** Whether a request failed because nobody answers: `fetch` reports this by a TypeError and nothing else. */
export function isLost(error: unknown): boolean {
  return error instanceof TypeError;
}

export interface PictureOptions {
  fetch: typeof fetch;
  signal?: AbortSignal;
  /** Whether no cache may answer: a copy in it was damaged. */
  fresh?: boolean;
  /** The media type; by default that of the answer. */
  type?: string;
}

/**
 * A picture file. If it arrives damaged, it is requested once more, past every cache.
 * @throws FailedPicture if it does not arrive undamaged, the signal's reason on abort
 */
export async function loadPicture(url: string, { fetch, signal, fresh = false, type }: PictureOptions): Promise<Blob> {
  const modes: RequestCache[] = fresh ? ["reload"] : ["default", "reload"];
  for (const cache of modes) {
    const response = await fetch(url, { ...(signal ? { signal } : {}), ...(cache === "default" ? {} : { cache }) });
    if (!response.ok) throw new FailedPicture(`The picture could not be loaded (status ${String(response.status)}).`);
    const bytes = await response.arrayBuffer().catch(() => null);
    signal?.throwIfAborted();
    const hash = hashInName(url);
    if (bytes && (hash === null || await areWhole(new Uint8Array(bytes), { sha256: hash }, true))) {
      return new Blob([bytes], { type: type ?? response.headers.get("content-type") ?? "" });
    }
  }
  throw new FailedPicture("The picture arrived damaged.");
}
