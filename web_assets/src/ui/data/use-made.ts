/** Values that cost something to make, such as the rows of a batch: made once for each key, so that going back shows them at once. */
import { useEffect, useState } from "preact/hooks";

import type { Collection } from "../../api/types";
import { messageOf } from "../../base/errors";
import { useController } from "../context";

export type Made<Value> = { state: "making"; since: number } | { state: "failed"; message: string; retry: () => void } | { state: "ready"; value: Value };

/** How many values are kept for each collection. */
const KEPT = 24;
const kept = new WeakMap<Collection, Map<string, unknown>>();

function keptOf(collection: Collection): Map<string, unknown> {
  const known = kept.get(collection) ?? new Map<string, unknown>();
  kept.set(collection, known);
  return known;
}

/** @param key null: nothing is made */
export function useMade<Value>(key: string | null, make: (collection: Collection) => Promise<Value>): Made<Value> {
  const { collection } = useController();
  const [attempt, setAttempt] = useState(0);
  const [ended, setEnded] = useState<{ key: string; attempt: number; failure: string | null } | null>(null);
  const [since, setSince] = useState(0);
  const known = collection && keptOf(collection);
  const there = key !== null && known?.has(key) === true;
  useEffect(() => {
    if (key === null || !collection || there) return;
    let current = true;
    setSince(performance.now());
    make(collection).then((value) => {
      const values = keptOf(collection);
      values.set(key, value);
      if (values.size > KEPT) values.delete([...values.keys()][0]!);
      if (current) setEnded({ key, attempt, failure: null });
    }, (error: unknown) => {
      if (current) setEnded({ key, attempt, failure: messageOf(error) });
    });
    return () => { current = false; };
  }, [key, attempt, collection, there]);
  if (there) return { state: "ready", value: known.get(key) as Value };
  if (ended?.key === key && ended.attempt === attempt && ended.failure !== null) {
    return { state: "failed", message: ended.failure, retry: () => setAttempt((n) => n + 1) };
  }
  return { state: "making", since };
}
