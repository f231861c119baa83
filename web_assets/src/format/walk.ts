/** Finds every file of a site except the pictures, without knowing any key (docs/FORMAT.md 1.5). */
import { isContainer } from "./container";
import { entriesIn, type FileEntry } from "./entry";
import { parseJson } from "./json";
import { readNode } from "./nodes";

/**
 * All file entries that can be reached from a manifest, each path once.
 * @param content gives the decoded content of an index file, or null to skip the files it lists
 * @throws FormatError for an index file that is damaged, and whatever `content` throws
 */
export async function* entriesOf(
  manifest: unknown, content: (entry: FileEntry) => Promise<Uint8Array | null>,
): AsyncGenerator<FileEntry, void> {
  const known = new Set<string>();
  const queue: FileEntry[] = [];
  const add = (entries: FileEntry[]): void => {
    for (const entry of entries) {
      if (known.has(entry.path)) continue;
      known.add(entry.path);
      queue.push(entry);
    }
  };
  add(entriesIn(manifest));
  for (let entry = queue.shift(); entry; entry = queue.shift()) {
    yield entry;
    const bytes = entry.index ? await content(entry) : null;
    if (bytes) add(entriesInFile(bytes));
  }
}

/** The entries in an index file: a node of a list, or JSON. Throws FormatError. */
export function entriesInFile(bytes: Uint8Array): FileEntry[] {
  if (!isContainer(bytes)) return entriesIn(parseJson(bytes, "An index file"));
  const node = readNode(bytes);
  return Array.from({ length: node.count }, (_, i) => node.entry(i));
}
