/** Packs pictures and their credits into a ZIP file. */
import { Zip, ZipPassThrough } from "fflate";

import type { FieldDefinition, ImageDocument } from "../../engine/types";
import { creditTable, type CreditLine } from "./credits";
import { extensionOf, Names } from "./names";

/** Larger ZIP files need an extension of the format that not every program reads. */
const MOST_BYTES = 2e9;
const PARALLEL = 4;
const CREDITS = "credits.csv";

export interface Wanted {
  document: ImageDocument;
  link: string;
  /** Loads the largest picture that the site has; null if it has none. `path` names its kind. */
  picture: { path: string; load: (signal: AbortSignal) => Promise<Blob> } | null;
}

export interface Packed {
  file: Blob;
  /** How many pictures it has. */
  pictures: number;
  /** The paths of pictures that the site has, and that could not be loaded. */
  failed: string[];
  /** How many have no picture in the site. */
  without: number;
  /** How many were left out because the file would have become too large. */
  beyond: number;
}

/**
 * @param onDone called with the number of results that are done
 * @throws the signal's reason on abort
 */
export async function pack(
  wanted: readonly Wanted[], fields: readonly FieldDefinition[], { signal, onDone, mostBytes = MOST_BYTES }: { signal: AbortSignal; onDone: (done: number) => void; mostBytes?: number },
): Promise<Packed> {
  const parts: BlobPart[] = [];
  let failure: unknown = null;
  const zip = new Zip((error, chunk) => {
    if (error) failure = error;
    else parts.push(chunk as Uint8Array<ArrayBuffer>);
  });
  const names = new Names([CREDITS]);
  const lines = new Array<CreditLine>(wanted.length);
  const packed = { pictures: 0, failed: [] as string[], without: 0, beyond: 0 };
  let [next, done, bytes] = [0, 0, 0];
  let full = false;
  const add = async (one: Wanted, blob: Blob | null): Promise<string> => {
    if (!one.picture) packed.without++;
    else if (full || (blob && bytes + blob.size > mostBytes)) {
      full = true;
      packed.beyond++;
    } else if (!blob) packed.failed.push(one.document.path);
    else {
      bytes += blob.size;
      const data = new Uint8Array(await blob.arrayBuffer());
      const name = names.next(one.document.path, extensionOf(one.picture.path));
      // Pictures are compressed already.
      const file = new ZipPassThrough(name);
      zip.add(file);
      file.push(data, true);
      packed.pictures++;
      return name;
    }
    return "";
  };
  const work = async (): Promise<void> => {
    while (next < wanted.length) {
      signal.throwIfAborted();
      const place = next++;
      const one = wanted[place]!;
      const blob = one.picture && !full ? await one.picture.load(signal).catch(() => null) : null;
      signal.throwIfAborted();
      lines[place] = { file: await add(one, blob), document: one.document, link: one.link };
      onDone(++done);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  signal.throwIfAborted();
  const table = new ZipPassThrough(CREDITS);
  zip.add(table);
  table.push(new TextEncoder().encode(creditTable(lines, fields)), true);
  zip.end();
  if (failure) throw failure instanceof Error ? failure : new Error("The file could not be made.");
  return { ...packed, file: new Blob(parts, { type: "application/zip" }) };
}

/** What is missing from the file, in words; null if nothing is. */
export function shortfall({ failed, without, beyond }: Omit<Packed, "file">): string | null {
  const named = failed.slice(0, 3).map((path) => path.split("/").pop() ?? path).join(", ") + (failed.length > 3 ? ` and ${String(failed.length - 3)} more` : "");
  const sentences = [
    failed.length ? `Not loaded: ${named}.` : "",
    without ? `${String(without)} ${without === 1 ? "has" : "have"} no picture in this site.` : "",
    beyond ? `${String(beyond)} did not fit into a file of 2 GB.` : "",
  ].filter(Boolean);
  return sentences.length ? sentences.join(" ") : null;
}
