/** File entries and their paths (docs/FORMAT.md 1.2). */
import { isObject } from "./container";
import { FormatError } from "./errors";

export interface FileEntry {
  path: string;
  /** Stored size, and size after decoding gzip. */
  bytes: number;
  raw_bytes: number;
  /** Of the stored file, 64 hexadecimal digits. */
  sha256: string;
  /** Whether the file contains further entries. */
  index?: boolean;
}

/** The largest file, stored or decoded; as in the builder's reader. */
const MOST_BYTES = 2 ** 31;
/** Objects deeper than this are not searched for entries. */
const DEEPEST = 32;

/** Throws FormatError for a path that could lead out of the site. */
export function checkPath(path: string): void {
  const parts = path.split("/");
  if (/[\\?#]|^[a-z][a-z0-9+.-]*:/i.test(path) || parts.some((part) => part === "" || part === "." || part === "..")) {
    throw new FormatError(`“${path.slice(0, 80)}” is not a path inside the site.`);
  }
}

/** Check one entry; `what` names it in the error. Throws FormatError. */
export function readEntry(value: unknown, what: string): FileEntry {
  if (!isObject(value)) throw new FormatError(`${what} is not a file entry.`);
  const { path, bytes, raw_bytes: raw, sha256 } = value;
  if (typeof path !== "string" || !isSize(bytes) || !isSize(raw) || typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new FormatError(`${what} is not a valid file entry.`);
  }
  checkPath(path);
  return value as unknown as FileEntry;
}

/** All file entries in a JSON value, in order. Throws FormatError for an invalid one. */
export function entriesIn(value: unknown, what = "A file entry"): FileEntry[] {
  const found: FileEntry[] = [];
  const search = (part: unknown, depth: number): void => {
    if (typeof part !== "object" || part === null) return;
    if (depth > DEEPEST) throw new FormatError(`${what} lies too deep in its JSON.`);
    if (["path", "bytes", "raw_bytes", "sha256"].every((key) => Object.hasOwn(part, key))) found.push(readEntry(part, what));
    else for (const item of Object.values(part)) search(item, depth + 1);
  };
  search(value, 0);
  return found;
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MOST_BYTES;
}
