/** `fetch` for pages that may not fetch: the answers come from a function that reads files as base64. The same in page and worker. */
import { LoadError } from "../format/errors";

/** Gives the content of a file, by its path relative to the site's folder, in base64. */
export type ReadFile = (path: string) => Promise<string>;

/** @param base the address of the site's folder, with a slash at its end */
export function fetchOver(base: string, read: ReadFile): typeof fetch {
  return async (input, init) => {
    const address = input instanceof Request ? input.url : String(input);
    if (!address.startsWith(base)) throw new TypeError(`${address} is not a file of this site.`);
    init?.signal?.throwIfAborted();
    const path = decodeURIComponent(address.slice(base.length));
    const content = await read(path);
    init?.signal?.throwIfAborted();
    return new Response(decoded(content, path));
  };
}

interface FromBase64 {
  fromBase64?: (text: string) => Uint8Array<ArrayBuffer>;
}

function decoded(text: string, path: string): Uint8Array<ArrayBuffer> {
  try {
    const { fromBase64 } = Uint8Array as unknown as FromBase64;
    return fromBase64 ? fromBase64.call(Uint8Array, text) : Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch (cause) {
    throw new LoadError(`portable/${path}.js is damaged. Copy the whole folder again.`, path, 0, true, { cause });
  }
}
