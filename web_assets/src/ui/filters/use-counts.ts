/** How often the values of a field occur within the current result, without the filters on the field itself. */
import type { RefObject } from "preact";

import { useController, useStore } from "../context";
import { useContent, type Content } from "./use-content";
import type { FacetCount, FieldDefinition, Histogram, SearchRequest } from "../../engine/types";

type Counted = Pick<SearchRequest, "text" | "mode" | "like" | "filters" | "embeddings">;

/** The request whose results are counted, and what it depends on. */
function useCounted(name: string): { request: () => Promise<Counted>; inputs: unknown[] } {
  const controller = useController();
  const view = useStore((state) => state.view);
  const filters = view.filters.filter((filter) => filter.field !== name);
  const { text, mode, like, pictures } = view;
  return {
    request: async () => {
      const { embeddings } = await controller.asked(view);
      return { mode, text: text.trim(), like, filters, ...(embeddings ? { embeddings } : {}) };
    },
    inputs: [mode, text.trim(), like.join(" "), JSON.stringify(pictures), JSON.stringify(filters)],
  };
}

/** `under`: only the paths directly below this one; left out for all levels. */
export function useCounts({ name }: FieldDefinition, limit: number, under?: string): Content<FacetCount[]> {
  const { request, inputs } = useCounted(name);
  return useContent(
    async (collection) => await collection.facets(name, { ...await request(), limit, ...(under === undefined ? {} : { under }) }),
    inputs,
  );
}

/** The counts of a number or date in the bins between `edges`, with these edges; null if there are none. */
export function useHistogram(
  { name }: FieldDefinition, inside: RefObject<HTMLDivElement | null>, edges: number[] | null,
): Content<{ edges: number[]; histogram: Histogram } | null> {
  const { request, inputs } = useCounted(name);
  return useContent(
    async (collection) => edges && { edges, histogram: await collection.histogram(name, { ...await request(), edges }) },
    [...inputs, edges], inside,
  );
}
