/** A collection whose engine runs in the same thread: in Node, and where a page may not start workers. */
import { Engine, type Assets } from "../engine/index";
import type { LoadProgress } from "../engine/types";
import type { Collection, OpenOptions } from "./types";

/** @param url absolute address of the site */
export async function openLocally(url: string, assets: Assets, { signal, fetch }: OpenOptions = {}): Promise<Collection> {
  const listeners = new Set<(progress: LoadProgress) => void>();
  const engine = await Engine.open(url, {
    assets,
    ...(fetch ? { fetch } : {}),
    ...(signal ? { signal } : {}),
    onProgress: (progress) => { for (const listener of listeners) listener(progress); },
  });
  return {
    manifest: engine.manifest,
    search: (request, options) => engine.search(request, options),
    rows: (rows) => engine.rows(rows),
    document: (row) => engine.document(row),
    rowOf: (id) => engine.rowOf(id),
    ids: () => engine.ids(),
    matching: (options) => engine.matching(options),
    highlight: (row, text) => engine.highlight(row, text),
    facets: (field, options) => engine.facets(field, options),
    range: (field) => engine.range(field),
    begin: (request) => engine.begin(request),
    embedText: (text) => engine.embedText(text),
    embedImage: async (picture) => {
      if (picture instanceof Blob) throw new TypeError("Without a worker a picture is given as pixels.");
      return await engine.embedImage(picture);
    },
    suggest: (text, limit) => engine.suggest(text, limit),
    correct: (text) => engine.correct(text),
    warm: () => engine.warm(),
    onProgress: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => { void engine.close(); },
  };
}
