/** How the grid looks: how dense it is, and whether pictures have captions. The choice stays on this device. */
export interface Look {
  compact: boolean;
  captions: boolean;
}

export const PLAIN: Look = { compact: false, captions: false };

/** The part of `Storage` that is used; reading or writing may be refused. */
type Kept = Pick<Storage, "getItem" | "setItem">;

const KEY = "imagedb-look";

/** @param touch whether the device cannot point at a picture to see its caption: then captions are shown at first */
export function storedLook(touch: boolean, storage: () => Kept = () => localStorage): Look {
  try {
    const words = storage().getItem(KEY)?.split(" ");
    if (words) return { compact: words.includes("compact"), captions: words.includes("captions") };
  } catch {
    // Storage is not allowed.
  }
  return { compact: false, captions: touch };
}

export function storeLook({ compact, captions }: Look, storage: () => Kept = () => localStorage): void {
  try {
    storage().setItem(KEY, `${compact ? "compact" : "comfortable"}${captions ? " captions" : ""}`);
  } catch {
    // Storage is not allowed: the choice lasts as long as the page.
  }
}
