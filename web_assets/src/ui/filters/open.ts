/** Whether the filters are open: as the person last wanted on this device, else as the width of the screen suggests. */
import { useCallback } from "preact/hooks";

import { useController, useStore } from "../context";
import { useMedia } from "../parts/hooks";
import type { FieldDefinition } from "../../engine/types";

/** From this width on there is room for them beside the results, and they are open at first. */
const ROOMY = "(min-width: 1280px)";

export function isFilterable(field: FieldDefinition): boolean {
  return field.column && (field.facet || field.type === "number" || field.type === "date");
}

export interface FiltersOpen {
  /** Whether the collection has anything to filter by. */
  able: boolean;
  open: boolean;
  /** Whether they are open although nobody asked for them: then everything else comes first. */
  unasked: boolean;
  toggle: () => void;
}

export function useFilters(): FiltersOpen {
  const controller = useController();
  const asked = useStore((state) => state.filtersOpen);
  // Before the manifest is here the page itself says it, so that nothing moves when it comes.
  const able = useStore(({ manifest, phase }) => manifest?.fields.some(isFilterable) ?? (phase === "opening" && document.documentElement.dataset.filters !== undefined));
  const roomy = useMedia(ROOMY);
  const open = able && (asked ?? (roomy && storedOpen(controller.base)));
  const toggle = useCallback(() => {
    if (roomy) storeOpen(controller.base, !open);
    controller.store.dispatch({ type: "filters", open: !open });
  }, [controller, roomy, open]);
  return { able, open, unasked: asked === null, toggle };
}

/** The part of `Storage` that is used; reading or writing may be refused. */
type Kept = Pick<Storage, "getItem" | "setItem">;

const key = (address: string): string => `imagedb.filters ${address}`;

/** Whether the filters are open at first on a wide screen: unless they were closed on this device. */
export function storedOpen(address: string, storage: () => Kept = () => localStorage): boolean {
  try {
    return storage().getItem(key(address)) !== "closed";
  } catch {
    return true;
  }
}

export function storeOpen(address: string, open: boolean, storage: () => Kept = () => localStorage): void {
  try {
    storage().setItem(key(address), open ? "open" : "closed");
  } catch {
    // Storage is not allowed: the choice lasts as long as the page.
  }
}
