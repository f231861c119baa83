/** Loads the original of a picture, and says how far it has come. */
import { loadPicture } from "../picture-file";

/** Part of the original that is here, 0 … 1; null if the host does not say how large it is. */
export type OnPart = (part: number | null) => void;

interface Options {
  fetch?: typeof fetch;
  signal: AbortSignal;
  /** Whether no cache may answer: a copy in it was damaged. */
  fresh: boolean;
  onPart: OnPart;
}

/** @throws FailedPicture if it does not arrive undamaged, the signal's reason on abort */
export function loadOriginal(url: string, { fetch: ask = (...args) => fetch(...args), signal, fresh, onPart }: Options): Promise<Blob> {
  const counted: typeof fetch = async (...args) => {
    const response = await ask(...args);
    const size = response.headers.has("content-encoding") ? 0 : Number(response.headers.get("content-length"));
    if (!response.ok || !response.body) return response;
    let loaded = 0;
    onPart(size ? 0 : null);
    const count = new TransformStream<Uint8Array, Uint8Array>({
      transform(bytes, controller) {
        loaded += bytes.length;
        onPart(size ? Math.min(1, loaded / size) : null);
        controller.enqueue(bytes);
      },
    });
    return new Response(response.body.pipeThrough(count), { headers: response.headers });
  };
  return loadPicture(url, { fetch: counted, signal, fresh });
}
