/** Answering the page's messages with an engine; apart from `main.ts` so that tests can run it without a worker. */
import type { Additions } from "../additions/index";
import type { Engine } from "../engine/index";
import type { LoadProgress } from "../engine/types";
import { decodePicture } from "./decode";
import { encodeError, type Call, type Calls, type CallName, type FromWorker, type ToWorker } from "./messages";

/** The part of a worker's global scope that is used. */
export interface Port {
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  postMessage(message: unknown): void;
}

/** An open site; `additions` is null if pictures cannot be added to it on this device. */
export interface Opened {
  engine: Engine;
  additions: Additions | null;
}

/** @param additions whether pictures may be added on this device */
export type OpenEngine = (url: string, onProgress: (progress: LoadProgress) => void, additions: boolean) => Promise<Opened>;

export function serve(port: Port, openEngine: OpenEngine): void {
  const running = new Map<number, AbortController>();
  let site: Promise<Opened> | null = null;
  const send = (message: FromWorker) => { port.postMessage(message); };

  const opening = () => site ?? Promise.reject(new Error("No collection is open."));
  const opened = async () => (await opening()).engine;
  const own = async (): Promise<{ additions: Additions }> => {
    const { additions } = await opening();
    if (!additions) throw new Error("The collection was opened without pictures of this device.");
    return { additions };
  };
  const run = async (call: Call, signal: AbortSignal): Promise<Calls[CallName]["result"]> => {
    switch (call.kind) {
      case "open":
        site = openEngine(call.url, (progress) => { send({ kind: "progress", progress }); }, call.additions ?? false);
        site.then(({ additions }) => {
          if (additions) additions.onChange = (state) => { send({ kind: "additions-changed", state }); };
        }, () => undefined);
        return (await site).engine.manifest;
      case "search":
        return await (await opened()).search(call.request, {
          signal,
          ...(call.partial ? { onPartial: (response) => { send({ kind: "partial", id: call.id, response }); } } : {}),
        });
      case "rows":
        return await (await opened()).rows(call.rows);
      case "document":
        return await (await opened()).document(call.row);
      case "rowOf":
        return await (await opened()).rowOf(call.imageId);
      case "ids":
        return await (await opened()).ids();
      case "matching":
        return await (await opened()).matching(call);
      case "highlight":
        return await (await opened()).highlight(call.row, call.text);
      case "facets":
        return await (await opened()).facets(call.field, call);
      case "range":
        return await (await opened()).range(call.field);
      case "suggest":
        return await (await opened()).suggest(call.text, call.limit);
      case "correct":
        return await (await opened()).correct(call.text);
      case "embedImage":
        return await (await opened()).embedImage(call.picture instanceof Blob ? await decodePicture(call.picture) : call.picture);
      case "begin":
        return (await opened()).begin(call.request);
      case "embedText":
        return await (await opened()).embedText(call.text);
      case "warm":
        await (await opened()).warm();
        return null;
      case "additions": {
        const { additions } = await own();
        await additions.loaded;
        return additions.state;
      }
      case "addPicture":
        return await (await own()).additions.add(call.picture);
      case "editAddition":
        await (await own()).additions.edit(call.imageId, call.change);
        return null;
      case "removeAdditions":
        await (await own()).additions.remove(call.imageIds);
        return null;
      case "restoreAdditions":
        await (await own()).additions.restore(call.imageIds);
        return null;
      case "originalOf":
        return await (await own()).additions.original(call.imageId);
      case "exportAdditions":
        return await (await own()).additions.export();
      case "importAdditions":
        return await (await own()).additions.import(call.file);
    }
  };

  port.addEventListener("message", ({ data }) => {
    const message = data as ToWorker;
    if (message.kind === "abort") {
      running.get(message.id)?.abort();
      return;
    }
    const { id } = message;
    const controller = new AbortController();
    running.set(id, controller);
    run(message, controller.signal)
      .then((value) => { send({ kind: "result", id, value }); }, (error: unknown) => { send({ kind: "error", id, error: encodeError(error) }); })
      .finally(() => running.delete(id));
  });
}
