/** What the map asks of the collection. */
import { useEffect, useState } from "preact/hooks";

import type { Classes, MapTopic } from "../../engine/types";
import { useController, useStore } from "../context";
import { useLoaded, type Loaded } from "../parts/hooks";
import { isBrowsing } from "../state/view";

/** Bits of the rows that the current search found; null for all. Those of the search before stay until they are known. */
export function useFound(): Uint8Array | null {
  const controller = useController();
  const view = useStore((state) => state.view);
  const list = useStore((state) => state.list);
  const [found, setFound] = useState<Uint8Array | null>(null);
  const key = list?.key ?? "";
  const final = list?.stage === "final";
  useEffect(() => {
    let current = true;
    if (isBrowsing(view)) setFound(null);
    else if (final && controller.collection) {
      const { collection } = controller;
      void controller.asked(view).then(({ mode, text, like, filters, embeddings }) =>
        collection.found({ mode, ...(text ? { text } : {}), ...(like ? { like } : {}), ...(filters ? { filters } : {}), ...(embeddings ? { embeddings } : {}) }))
        // The list of results says what went wrong.
        .then((bits) => { if (current) setFound(bits); }, () => { if (current) setFound(null); });
    }
    return () => { current = false; };
  }, [key, final]);
  return found;
}

export function useTopics(attempt: number): Loaded<MapTopic[]> {
  const { collection } = useController();
  return useLoaded(() => collection?.mapTopics() ?? Promise.resolve([]), [collection, attempt]);
}

/** The colours of a field; null for those of topics. */
export function useClasses(field: string | null, attempt: number): Loaded<Classes | null> {
  const { collection } = useController();
  return useLoaded(() => (field === null || !collection ? Promise.resolve(null) : collection.classes(field, 10)), [collection, field, attempt]);
}
