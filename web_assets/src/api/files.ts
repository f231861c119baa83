/** Fetching, in Node and in browsers. */
import { LoadError } from "../format/errors";

/** The part of Node's `process` that is used. Its modules are not imported: the library is one file for browsers and Node. */
interface NodeProcess {
  versions: { node?: string };
  getBuiltinModule(name: "node:fs/promises"): { readFile(url: URL): Promise<Uint8Array> };
  getBuiltinModule(name: "node:url"): { pathToFileURL(path: string): URL };
  getBuiltinModule(name: "node:path"): { resolve(path: string): string };
}

const { process } = globalThis as { process?: NodeProcess };

/** Whether this runs in Node, not in a browser. */
export const IN_NODE = Boolean(process?.versions?.node);

/** `fetch` in Node, which also reads `file:` addresses; a file that cannot be read is answered with 404. */
export const fetchAnything: typeof fetch = async (input, init) => {
  const url = input instanceof Request ? input.url : String(input);
  if (!url.startsWith("file:")) return await fetch(input, init);
  init?.signal?.throwIfAborted();
  const { readFile } = process!.getBuiltinModule("node:fs/promises");
  const content = await readFile(new URL(url)).catch(() => null);
  return content ? new Response(new Uint8Array(content)) : new Response(null, { status: 404 });
};

/** Some bytes of a file, which is fetched whole: sites need no range requests. */
export async function loadPart(
  { url, offset, length }: { url: string; offset: number; length: number }, signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetchAnything(url, signal ? { signal } : {}).catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw new LoadError(`${url} cannot be reached.`, url, 0, true, { cause });
  });
  if (!response.ok) throw new LoadError(`${url} answers with ${response.status}.`, url, response.status, response.status >= 500);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (offset + length > bytes.length) throw new LoadError(`${url} is shorter than it should be.`, url, 0, true);
  return bytes.subarray(offset, offset + length);
}

/** The absolute address for an address or a path on the disk, in Node. */
export function fileAddress(url: string): string {
  if (/^(https?|file):/.test(url)) return url;
  const { pathToFileURL } = process!.getBuiltinModule("node:url");
  const { resolve } = process!.getBuiltinModule("node:path");
  return pathToFileURL(resolve(url)).href;
}
