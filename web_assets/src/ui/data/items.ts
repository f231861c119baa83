/** The documents of rows, for a file: read in the order in which the site stores them, given in the order of the rows. */
import type { Collection } from "../../api/types";
import type { Controller } from "../controller";
import type { Item } from "./flat";

/** How many documents are asked for at the same time. */
const PARALLEL = 8;

/**
 * @param onDone called with the number of documents that are there
 * @throws LoadError if one cannot be loaded, the signal's reason on abort
 */
export async function itemsOf(
  { base }: Pick<Controller, "base">, collection: Pick<Collection, "document" | "rows" | "manifest">, rows: readonly number[],
  onDone: (number: number) => void, signal: AbortSignal,
): Promise<Item[]> {
  const { thumbnails } = collection.manifest;
  // Only a thumbnail that is a file of its own has an address.
  const infos = thumbnails.count && thumbnails.extension === "webp" ? await collection.rows([...rows]) : [];
  const items = new Array<Item>(rows.length);
  const order = Array.from(rows.keys()).sort((a, b) => rows[a]! - rows[b]!);
  let [next, done] = [0, 0];
  const work = async (): Promise<void> => {
    while (next < order.length) {
      signal.throwIfAborted();
      const place = order[next++]!;
      const document = await collection.document(rows[place]!);
      const url = infos[place]?.thumbnail?.url;
      items[place] = { document, thumbnail: url?.startsWith(base) ? url.slice(base.length) : null };
      onDone(++done);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  signal.throwIfAborted();
  return items;
}
