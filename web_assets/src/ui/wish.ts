/** What a visitor wants to be stored of a collection, remembered on the device: new builds and evictions do not change it. */
import type { Wish } from "./state/reducer";

/** The part of `Storage` that is used; reading or writing may be refused. */
type Kept = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const key = (address: string): string => `imagedb.keep ${address}`;

/** @param address of the collection: several may share a host */
export function storedWish(address: string, storage: () => Kept = () => localStorage): Wish {
  try {
    const value = storage().getItem(key(address));
    return value === "all" || value === "paused" ? value : "some";
  } catch {
    return "some";
  }
}

export function storeWish(address: string, wish: Wish, storage: () => Kept = () => localStorage): void {
  try {
    if (wish === "some") storage().removeItem(key(address));
    else storage().setItem(key(address), wish);
  } catch {
    // Storage is not allowed: the wish lasts as long as the page.
  }
}

/** Asks the browser not to delete what the site stores when space is short. It may refuse. */
export function persist(): void {
  void navigator.storage?.persist?.().catch(() => false);
}
