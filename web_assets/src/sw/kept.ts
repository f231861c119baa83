/** What is kept of a collection on request: its thumbnails, and checking and deleting all of it. */
import { FileList } from "../format/lists";
import type { FileEntry } from "../format/entry";
import { hex } from "../format/hex";
import type { Manifest } from "../format/manifest";
import { readRows } from "../format/rows";
import { pathInside } from "./policy";
import type { CacheName, Store } from "./store";

/** What is kept of a collection, beside the application. */
const OF_COLLECTION = ["data", "offline", "thumbnail", "view"] as const satisfies CacheName[];

/** A file of thumbnails, and about how many bytes it has. */
export interface PictureFile {
  path: string;
  bytes: number;
}

/**
 * The files of all thumbnails, in the order of the rows.
 * @param read gives the decoded content of a file. Rejects if it does.
 */
export async function pictureFiles(manifest: Manifest, read: (entry: FileEntry) => Promise<Uint8Array>): Promise<PictureFile[]> {
  const found = new Map<string, number>();
  const { block, files } = manifest.rows;
  const entries = await new FileList(files, read).entries();
  for (const [index, entry] of entries.entries()) {
    const first = index * block;
    const rows = readRows(await read(entry), first, Math.min(block, manifest.collection.count - first));
    for (let at = 0; at < rows.count; at++) {
      if (!rows.length[at]) continue;
      const path = `thumbs/${hex(rows.pack.subarray(8 * at, 8 * at + 8))}.${manifest.thumbnails.extension}`;
      found.set(path, Math.max(found.get(path) ?? 0, rows.offset[at]! + rows.length[at]!));
    }
  }
  return Array.from(found, ([path, bytes]) => ({ path, bytes }));
}

/** Checks every file that is kept of a collection, and deletes what is damaged. */
export async function verify(store: Store, scope: string): Promise<{ whole: number; damaged: number }> {
  const count = { whole: 0, damaged: 0 };
  for (const name of OF_COLLECTION) {
    for (const { url } of await (await store.open(name)).keys()) {
      const path = pathInside(url, scope);
      if (path !== null && await store.checked(name, path)) count.whole++;
      else count.damaged++;
    }
  }
  return count;
}

/** Deletes what is kept of a collection. The application stays, so that the page still opens. */
export async function forget(store: Store): Promise<void> {
  for (const name of OF_COLLECTION) await store.clear(name);
}
