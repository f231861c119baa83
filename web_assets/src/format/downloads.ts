/**
 * The files of metadata that a site offers for other programs (docs/FORMAT.md 2.14). Imports nothing, because it is loaded with a part
 * of the program that is a script of its own.
 */

/** One file of a format, with the metadata of some rows. */
export interface DownloadPart {
  format: "jsonl" | "csv";
  /** The path in the site, not checked yet. */
  path: string;
  /** The size of the file, and of its content. */
  bytes: number;
  rawBytes: number;
  rows: number;
}

/** The parts of each format that the manifest names, in row order; null if the index is damaged. */
export function readDownloads(bytes: Uint8Array, formats: readonly ("jsonl" | "csv")[]): DownloadPart[] | null {
  try {
    const index = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, Record<string, unknown>[]>;
    return formats.flatMap((format) => index[format]!.map((entry): DownloadPart => {
      const { path, bytes, raw_bytes: rawBytes, rows } = entry;
      if (typeof path !== "string" || ![bytes, rawBytes, rows].every(Number.isSafeInteger)) throw new TypeError("Not a file of a format.");
      return { format, path, bytes: bytes as number, rawBytes: rawBytes as number, rows: rows as number };
    }));
  } catch {
    return null;
  }
}
