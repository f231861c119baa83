/** Counts the fields one after the other, with the plots of numbers and dates, so that the first are there at once and a failure leaves what is known. */
import { useEffect, useState } from "preact/hooks";

import type { Collection } from "../../api/types";
import { messageOf } from "../../base/errors";
import { useController } from "../context";
import type { FieldDefinition, FieldStats, Manifest } from "../../engine/types";
import { countPlot, type Plot } from "./plot";

/** How many of the most frequent values are listed. */
export const SHOWN = 5;
/** How many are listed on request. */
export const SHOWN_MORE = 50;
/** Above this number of rows plots are made on request only, because that loads the values of all rows. */
const MOST_PLOTTED = 200_000;
/** Texts are counted at once if their documents are in a few files. */
const FEW_FILES = 8;
/** How many files of documents one request reads, and how many requests run at the same time. */
const [FILES, PARALLEL] = [4, 4];

/** What is known of a field. `plot`: undefined if none is counted, null if the values make none. */
export type Known = FieldStats & { plot?: Plot | null };

const kept = new WeakMap<Collection, Map<string, Known>>();

function keptOf(collection: Collection): Map<string, Known> {
  const known = kept.get(collection) ?? new Map<string, Known>();
  kept.set(collection, known);
  return known;
}

/** Whether a field has a plot. */
export function isPlotted({ column, type }: FieldDefinition): boolean {
  return column && (type === "number" || type === "date");
}

/** Whether the plot of a field is made on request only. */
function isDear(field: FieldDefinition, manifest: Manifest): boolean {
  return isPlotted(field) && manifest.collection.count > MOST_PLOTTED;
}

export interface Counting {
  known: ReadonlyMap<string, Known>;
  /** The place of the field that is counted now; null if none is. */
  now: number | null;
  failure: string | null;
  retry: () => void;
  /** Counts the values of a field on request: its plot, or more of its values. */
  count: (name: string) => Promise<void>;
}

export function useCounting(manifest: Manifest): Counting {
  const { collection } = useController();
  const [, redraw] = useState(0);
  const [now, setNow] = useState<number | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  const known = collection ? keptOf(collection) : new Map<string, Known>();
  const load = async (field: FieldDefinition, limit: number, plotted: boolean): Promise<void> => {
    const stats = await collection?.stats({ fields: [field.name], limit: isPlotted(field) ? 0 : limit });
    const [found] = stats?.fields ?? [];
    if (found) known.set(field.name, { ...found, ...(collection && plotted ? { plot: await countPlot(collection, field) } : {}) });
    redraw((n) => n + 1);
  };
  useEffect(() => {
    let current = true;
    setFailure(null);
    const all = async (): Promise<void> => {
      for (const [place, field] of manifest.fields.entries()) {
        if (!current || known.has(field.name) || !field.column) continue;
        setNow(place);
        await load(field, SHOWN, isPlotted(field) && !isDear(field, manifest));
      }
    };
    all().catch((error: unknown) => { if (current) setFailure(messageOf(error)); }).finally(() => { if (current) setNow(null); });
    return () => { current = false; };
  }, [collection, attempt]);
  return {
    known, now, failure, retry: () => setAttempt((n) => n + 1),
    count: async (name) => {
      const field = manifest.fields.find((other) => other.name === name);
      if (field) await load(field, SHOWN_MORE, isPlotted(field));
    },
  };
}

export interface TextCounting {
  /** Rows that are counted; null if none is yet. */
  done: number | null;
  failure: string | null;
  start: () => void;
  stop: () => void;
}

/** Counts texts and links, which loads every document: at once if they are few. */
export function useTextCounting(manifest: Manifest, fields: readonly FieldDefinition[], onKnown: () => void): TextCounting {
  const { collection } = useController();
  const [run, setRun] = useState<number>(manifest.documents.files.count <= FEW_FILES ? 1 : 0);
  const [done, setDone] = useState<number | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const { count } = manifest.collection;
  useEffect(() => {
    if (!run || !collection || !fields.length || fields.every(({ name }) => keptOf(collection).has(name))) return;
    let current = true;
    setFailure(null);
    setDone(0);
    countTexts(collection, fields, manifest, (rows) => {
      if (current) setDone(rows);
      return current;
    }).then((found) => {
      if (!found) return;
      for (const [name, rows] of found) {
        const { label, type } = fields.find((field) => field.name === name)!;
        keptOf(collection).set(name, { name, label, type, rows, missing: count - rows, distinct: null, min: null, max: null, values: [] });
      }
      if (current) {
        setDone(null);
        onKnown();
      }
    }, (error: unknown) => {
      if (!current) return;
      setDone(null);
      setFailure(messageOf(error));
    });
    return () => { current = false; };
  }, [run, collection]);
  return {
    done, failure, start: () => setRun((n) => Math.abs(n) + 1),
    stop: () => {
      setRun(0);
      setDone(null);
    },
  };
}

/**
 * How many rows have each field.
 * @param goesOn called with the number of rows that are counted; false ends the counting
 * @returns null if it was ended
 */
async function countTexts(
  collection: Collection, fields: readonly FieldDefinition[], { documents, collection: { count } }: Manifest, goesOn: (rows: number) => boolean,
): Promise<Map<string, number> | null> {
  const found = new Map(fields.map(({ name }) => [name, 0]));
  const step = documents.block * FILES;
  let [next, done, ended] = [0, 0, false];
  const work = async (): Promise<void> => {
    while (next < count && !ended) {
      const first = next;
      const end = next = Math.min(count, first + step);
      const stats = await collection.stats({ texts: true, fields: [...found.keys()], rows: [first, end] });
      for (const { name, rows } of stats.fields) found.set(name, found.get(name)! + (rows ?? 0));
      done += end - first;
      if (!goesOn(done)) ended = true;
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return ended ? null : found;
}
