/** The worker of a page from the disk. Its first message brings the port over which the page reads files for it. */
import { openAdditions } from "../additions/index";
import { Engine } from "../engine/index";
import { additionsHost } from "../worker/additions";
import { assetsFrom } from "../worker/assets";
import { decodePicture } from "../worker/decode";
import { decodeError } from "../worker/messages";
import { serve, type Port } from "../worker/serve";
import { fetchOver, type ReadFile } from "./fetch";
import type { ReadResult, WantedFile } from "./messages";

function readerOver(port: MessagePort): ReadFile {
  const waiting = new Map<number, (result: ReadResult) => void>();
  let next = 0;
  port.onmessage = ({ data }: MessageEvent<ReadResult>) => {
    waiting.get(data.id)?.(data);
    waiting.delete(data.id);
  };
  return (path) => new Promise((resolve, reject) => {
    const id = next++;
    waiting.set(id, ({ content, error }) => {
      if (error) reject(decodeError(error));
      else resolve(content ?? "");
    });
    port.postMessage({ id, path } satisfies WantedFile);
  });
}

/** Browsers show no object URL of this worker in the page, because each page from the disk has an origin of its own. */
function dataAddress(content: Uint8Array, type: string): string {
  let text = "";
  for (const byte of content) text += String.fromCharCode(byte);
  return `data:${type};base64,${btoa(text)}`;
}

globalThis.addEventListener("message", ({ ports }: MessageEvent) => {
  const read = readerOver(ports[0]!);
  serve(globalThis as unknown as Port, async (url, onProgress, { additions }) => {
    const fetch = fetchOver(url, read);
    const collection = await Engine.open(url, { fetch, assets: assetsFrom(fetch, url), decode: decodePicture, onProgress });
    return { collection, additions: additions ? openAdditions(collection, { ...additionsHost(), address: dataAddress }) : null };
  });
}, { once: true });
