/** What searching by pictures needs from the browser and the collection. */
import type { Collection } from "../../api/types";
import { Pictures } from "./pictures";
import { DeviceShelf } from "./shelf";
import { rasterise } from "./svg";

export function picturesOf(collection: () => Collection | null): Pictures {
  return new Pictures({
    shelf: new DeviceShelf(),
    embed: async (file) => {
      const open = collection();
      if (!open) throw new Error("The collection is not open yet.");
      return await open.embedImage(file);
    },
    model: () => collection()?.manifest.model?.encoder_hash ?? null,
    rasterise,
    now: () => Date.now(),
    address: (file) => URL.createObjectURL(file),
  });
}
