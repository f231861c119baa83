/** What adding pictures needs from the browser and the page. */
import type { AdditionsState } from "../../api/additions";
import type { Collection } from "../../api/types";
import { saveFile } from "../parts/save";
import { rasterise } from "../pictures/svg";
import { Adding } from "./adding";

export interface Page {
  collection: () => Collection | null;
  changed: (state: AdditionsState) => void;
  say: (text: string, undo?: () => void) => void;
}

export function addingOf({ collection, changed, say }: Page): Adding {
  // Absent if the page is not served over https.
  const storage = (): StorageManager | undefined => navigator.storage as StorageManager | undefined;
  return new Adding({
    port: () => collection()?.additions,
    changed, say, rasterise,
    persist: async () => await storage()?.persist(),
    estimate: async () => {
      const { usage, quota } = await storage()?.estimate() ?? {};
      return usage === undefined || quota === undefined ? null : { used: usage, quota };
    },
    download: saveFile,
  });
}
