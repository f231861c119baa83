/** What a manifest says about full text (docs/FORMAT.md 2.8). */
import type { FileEntry, FileListEntry } from "./manifest";

/** The files of full text. */
export interface PostingsEntry {
  /** Rows of the collection. */
  count: number;
  /** How many columns there are. */
  columns: number;
  /** Tokens in all rows together. */
  tokens: number;
  /** Whether the tokens of rows lie beside the terms as well, and long lists have heads. */
  ranked: boolean;
  terms: { count: number; first: FileEntry; files: FileListEntry };
  places: { files: FileListEntry };
  lengths: { block: number; files: FileListEntry };
}
