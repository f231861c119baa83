/** The chosen results with their metadata. */
import type { Controller } from "../controller";
import type { ImageDocument } from "../../engine/types";

/** How many documents are asked for at the same time. */
const PARALLEL = 8;

export interface ChosenDocument {
  id: string;
  document: ImageDocument;
  /** Kept on this device only, so no link leads to it. */
  local: boolean;
}

/**
 * The documents of the chosen results, in the order in which they were chosen. Pictures that were removed meanwhile are left out.
 * @throws LoadError if one cannot be loaded, the signal's reason on abort
 */
export async function documentsOf(
  controller: Pick<Controller, "collection" | "document">, chosen: ReadonlyMap<string, number>,
  options: { onDone?: (done: number) => void; signal?: AbortSignal } = {},
): Promise<ChosenDocument[]> {
  const { collection } = controller;
  if (!collection) return [];
  const published = collection.manifest.collection.count;
  const wanted = [...chosen];
  const found = new Array<ChosenDocument | null>(wanted.length).fill(null);
  // In the order of the files, so that each is loaded once.
  const order = [...wanted.keys()].sort((a, b) => wanted[a]![1] - wanted[b]![1]);
  let [next, done] = [0, 0];
  const work = async (): Promise<void> => {
    while (next < order.length) {
      options.signal?.throwIfAborted();
      const place = order[next++]!;
      const [id, row] = wanted[place]!;
      const local = row >= published;
      // Rows of pictures on this device change when one of them is removed.
      const now = local ? await collection.rowOf(id) : row;
      if (now !== null) found[place] = { id, document: await controller.document(now), local };
      options.onDone?.(++done);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  options.signal?.throwIfAborted();
  return found.filter((one) => one !== null);
}
