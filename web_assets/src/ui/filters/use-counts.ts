/** How often the values of a field occur within the current result, without the filters on the field itself. */
import { useController, useStore } from "../context";
import { useContent, type Content } from "./use-content";
import type { FacetCount, FieldDefinition } from "../../engine/types";

/** `under`: only the paths directly below this one; left out for all levels. */
export function useCounts({ name }: FieldDefinition, limit: number, under?: string): Content<FacetCount[]> {
  const controller = useController();
  const view = useStore((state) => state.view);
  const filters = view.filters.filter((filter) => filter.field !== name);
  const { text, mode, like, pictures } = view;
  return useContent(
    async (collection) => {
      const { embeddings } = await controller.asked(view);
      return await collection.facets(name, {
        mode, text: text.trim(), like, filters, limit, ...(embeddings ? { embeddings } : {}), ...(under === undefined ? {} : { under }),
      });
    },
    [mode, text.trim(), like.join(" "), JSON.stringify(pictures), JSON.stringify(filters)],
  );
}
