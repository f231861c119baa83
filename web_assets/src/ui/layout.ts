/** How results are shown: as a grid of pictures, a list to read, a table, or the map of meaning. The choice is in the link and on the device. */
import type { Manifest } from "../engine/types";

export type Layout = "grid" | "list" | "table" | "map";

export const LAYOUTS: readonly string[] = ["grid", "list", "table", "map"] satisfies Layout[];

/** The part of `Storage` that is used; reading or writing may be refused. */
type Kept = Pick<Storage, "getItem" | "setItem">;

const key = (address: string): string => `imagedb.layout ${address}`;

/** @param address of the collection: several may share a host */
export function storedLayout(address: string, storage: () => Kept = () => localStorage): Layout | null {
  try {
    const value = storage().getItem(key(address));
    return value !== null && LAYOUTS.includes(value) ? (value as Layout) : null;
  } catch {
    return null;
  }
}

export function storeLayout(address: string, layout: Layout, storage: () => Kept = () => localStorage): void {
  // The map is a place to go to, not a way to see everything from now on.
  if (layout === "map") return;
  try {
    storage().setItem(key(address), layout);
  } catch {
    // Storage is not allowed: the choice lasts as long as the page.
  }
}

/** Whether the site has pictures to show, its own or those of another host. */
export function hasPictures({ thumbnails, remote }: Pick<Manifest, "thumbnails" | "remote">): boolean {
  return thumbnails.count > 0 || Boolean(remote);
}

/** The layouts that make sense, the default first. A table needs a wide screen. */
export function layoutsFor(manifest: Pick<Manifest, "thumbnails" | "remote"> & { map?: unknown }, wide: boolean): Layout[] {
  const others: Layout[] = ["list", ...wide ? ["table" as const] : [], ...manifest.map ? ["map" as const] : []];
  return hasPictures(manifest) ? ["grid", ...others] : others;
}

/** The layout to show: the one of the link, else the one of the device, else the default. */
export function layoutOf(linked: Layout | null, stored: Layout | null, able: readonly Layout[]): Layout {
  for (const wanted of [linked, stored]) {
    if (wanted !== null && able.includes(wanted)) return wanted;
    if (wanted === "table") return "list";
  }
  return able[0] ?? "list";
}

/** What the collection consists of: pictures if every row has one. */
export function nounOf(manifest: Pick<Manifest, "thumbnails" | "remote" | "collection"> | null): "picture" | "record" {
  return !manifest || manifest.thumbnails.count >= manifest.collection.count || (manifest.remote && !manifest.thumbnails.count) ? "picture" : "record";
}
