/** Answers the page's messages with an engine. Separate from `main.ts`, so that tests can run it without a worker. */
import { own } from "../base/own";
import { recorded } from "../base/requests";
import { onProgramError } from "../base/errors";
import type { AdditionsMethods } from "../additions/methods";
import type { AdditionsState } from "../additions/types";
import type { CollectionMethods } from "../engine/methods";
import type { Answer, LoadProgress, Manifest } from "../engine/types";
import { encodeError, type FromWorker, type ToWorker } from "./messages";
import { METHODS } from "./methods";

/** The part of a worker's global scope that is used. */
export interface Port {
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  postMessage(message: unknown): void;
}

/** An open site; `additions` is null if pictures cannot be added to it on this device. */
export interface Opened {
  collection: CollectionMethods & { manifest: Manifest; pictures: (loading: boolean) => void };
  additions: (AdditionsMethods & { onChange: (state: AdditionsState) => void }) | null;
}

export interface Wishes {
  /** Whether pictures may be added on this device. */
  additions: boolean;
  /** Whether a search follows at once. */
  search: boolean;
}

export type OpenSite = (url: string, onProgress: (progress: LoadProgress) => void, wishes: Wishes) => Promise<Opened>;

type Call = Extract<ToWorker, { kind: "call" }>;
type Method = (...args: unknown[]) => Promise<unknown>;

export function serve(port: Port, openSite: OpenSite): void {
  const running = new Map<number, AbortController>();
  let site: Promise<Opened> | null = null;
  const send = (message: FromWorker) => { port.postMessage(message); };

  onProgramError((lasting) => { send({ kind: "damaged", lasting }); });

  const open = async (url: string, wishes: Wishes): Promise<Manifest> => {
    site = openSite(url, (progress) => { send({ kind: "progress", progress }); }, wishes);
    const { collection, additions } = await site;
    if (additions) additions.onChange = (state) => { send({ kind: "additions-changed", state }); };
    return collection.manifest;
  };

  const call = async ({ id, target, method, args, partial }: Call, signal: AbortSignal): Promise<unknown> => {
    if (!site) throw new Error("No collection is open.");
    const object = (await site)[target];
    if (!object) throw new Error("The collection was opened without the pictures added on this device.");
    const kind = own<string>(METHODS[target], method);
    if (kind === undefined) throw new Error(`There is no method “${method}”.`);
    const onPartial = (response: Answer) => { send({ kind: "partial", id, response }); };
    const given = kind === "streams" ? [args[0], { signal, ...(partial ? { onPartial } : {}) }] : args;
    return await (object as unknown as Record<string, Method>)[method]!(...given);
  };

  port.addEventListener("message", ({ data }) => {
    const message = data as ToWorker;
    if (message.kind === "pictures") {
      site?.then(({ collection }) => { collection.pictures(message.loading); }, () => undefined);
      return;
    }
    const { id } = message;
    if (message.kind === "abort") {
      running.get(id)?.abort();
      return;
    }
    if (message.kind === "requests") {
      send({ kind: "result", id, value: recorded() });
      return;
    }
    const controller = new AbortController();
    running.set(id, controller);
    (message.kind === "open" ? open(message.url, message) : call(message, controller.signal))
      .then((value) => { send({ kind: "result", id, value }); }, (error: unknown) => { send({ kind: "error", id, error: encodeError(error) }); })
      .finally(() => running.delete(id));
  });
}
