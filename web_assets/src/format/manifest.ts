/** The shapes of docs/FORMAT.md, sections 2 and 3, as the browser reads them. */
import type { FileEntry } from "./entry";
import type { RemotePicture } from "./remote";

export type { FileEntry };

/** A list of files whose names are in nodes (1.4); `FileList` reads it. */
export interface FileListEntry {
  /** How many files are listed. */
  count: number;
  /** The root node. */
  index: FileEntry;
}

/** What a field's values are. */
export type FieldType = "text" | "tags" | "category" | "number" | "date" | "boolean" | "url";

/** A field that images of the collection may have. */
export interface FieldDefinition {
  name: string;
  /** The name to show. */
  label: string;
  type: FieldType;
  /** Whether full text searches the field. */
  fts: boolean;
  /** Whether the page offers the field as a filter. */
  facet: boolean;
  /** Whether there is a file with the field's values for every row. */
  column: boolean;
  unit?: string;
  /** The character between the components of each value, if the values are paths. */
  separator?: string;
}

/** A value of a field; a list for tags. */
export type FieldValue = string | number | boolean | string[];

/** The file of some rows, and how many they are. */
export interface RowSetEntry {
  count: number;
  file: FileEntry;
}

/** Everything that is published about one image. Paths are relative to the site. */
export interface ImageDocument {
  id: string;
  path: string;
  width: number;
  height: number;
  fields: Record<string, FieldValue>;
  view?: { path: string; width: number; height: number };
  original?: string;
  /** The picture on another host, of an origin that the manifest allows. */
  remote?: RemotePicture;
}

/** How a picture becomes the input of the image tower. */
export interface Preprocessing {
  size: [number, number];
  resize: "shortest" | "squash" | "longest";
  interpolation: "bilinear" | "bicubic";
  crop: "center" | "none";
  mean: [number, number, number];
  std: [number, number, number];
  fill: [number, number, number];
}

/** A model pack's own description (docs/FORMAT.md 3.1). */
export interface PackManifest {
  format: "imagedb-pack";
  version: number;
  id: string;
  name: string;
  description: string;
  dim: number;
  encoder_hash: string;
  licence: { id: string; note: string; commercial: boolean };
  image: { file: string; input: string; output: string; preprocessing: Preprocessing };
  text: {
    file: string;
    inputs: { embeddings: string; mask: string | null; ids: string | null };
    output: string;
    width: number;
    max_tokens: number;
    padding: "none" | "max";
    /** The padding token, also used for a text without tokens; 0 if absent. */
    pad_id?: number;
    /** Files beside the graph that hold its weights, of a large core. */
    weights?: string[];
  };
  tokens: { rows: number; width: number; precision: "int8" | "int4"; rows_per_shard: number; shards: string[] };
  tokenizer: { file: string; kind: string };
  vocabulary: { file: string } | null;
  /** One row per token, whose sum approximates the embedding of a text. */
  static?: { file: string } | null;
  calibration: { temperature: number };
  /** The similarity from which a text usually describes a picture; null or absent if there is no such level. */
  level?: number | null;
  card: string;
  files: Record<string, { bytes: number; sha256: string }>;
}

/** The manifest's summary of the model, without its files. */
export interface ModelSummary {
  /** The id of the model pack. */
  id: string;
  name: string;
  dim: number;
  encoder_hash: string;
  /** Similarity / temperature is a logit. */
  temperature: number;
  /** The similarity from which a text usually describes a picture; null or absent if the model has no such level. */
  level?: number | null;
  licence: PackManifest["licence"];
  /** The static rows of the pack, some per file. */
  static: { rows: number; rows_per_shard: number; files: FileListEntry } | null;
  /** The words of the pack's vocabulary. */
  words: FileEntry | null;
  /** The index of the pack: its pack.json and its files. */
  file: FileEntry;
}

/** The files of full text. */
export interface CatalogEntry {
  tier: "postings";
  tokenize: string;
  /** Rows of the collection. */
  count: number;
  /** Stored bytes of all its files. */
  bytes: number;
  /** The fields in full text. */
  columns: string[];
  /** Tokens in all rows together. */
  tokens: number;
  /** Whether the tokens of rows lie beside the terms as well, and long lists have heads. */
  ranked: boolean;
  terms: { count: number; first: FileEntry; files: FileListEntry };
  places: { files: FileListEntry };
  /** Pieces of long lists, which the files of terms name; null if there are none. */
  pieces: { files: FileListEntry } | null;
  lengths: { block: number; files: FileListEntry };
}

/** What both tiers of vectors have. */
interface VectorsEntry {
  codec: "int8";
  source: "pictures" | "texts" | "both";
  /** The rows without an embedding. */
  missing: RowSetEntry | null;
  /** The rows that have the embedding of their text, if others have that of their picture. */
  texts?: RowSetEntry;
  count: number;
  dim: number;
  quantizer: FileEntry;
}

/** Vectors of which every query reads all. */
export interface FlatEntry extends VectorsEntry {
  tier: "flat";
  block: number;
  files: FileListEntry;
  /** Shorter codes of the same embeddings, for a first answer. */
  coarse?: { file: FileEntry; block: number; files: FileListEntry };
}

/** Vectors of which a query reads some cells: rows that look alike. */
export interface CellsEntry extends VectorsEntry {
  tier: "cells";
  /** What the short codes of rows stand for. */
  coarse: { file: FileEntry };
  /** A search reads `least` to `most` of `count` cells. With `drawn`, vector files also have what the grid needs for their rows. */
  cells: { count: number; least: number; most: number; rows_per_file: number; drawn?: true; file: FileEntry; sizes: FileEntry };
  /** The codes of some pictures and some texts; null if there are none. */
  sample: { pictures: RowSetEntry | null; texts: RowSetEntry | null };
  /** The rows of cells with their short codes. */
  groups: FileListEntry;
  /** The int8 codes of rows, at most `rows_per_file` of one cell in each. */
  files: FileListEntry;
  /** The cell of each row. */
  row_cells: { block: number; files: FileListEntry };
}

/** What the manifest says about the map. */
export interface MapEntry {
  /** Rows with a point, and rows that the map covers: those after them have none. */
  count: number;
  rows: number;
  /** Rows in a file. */
  block: number;
  flat: FileListEntry;
  space: FileListEntry | null;
  topics: { file: FileEntry; count: number };
  row_topics: FileListEntry;
  /** How the map was made, and how good it is: for people. */
  method: Record<string, unknown>;
  quality: Record<string, unknown> | null;
}

/** What the start page shows above the collection. */
export interface HomeEntry {
  /** Names of sections in order; a page leaves out those that it does not know. */
  sections: string[];
  /** Rows with pictures that differ from each other, and the newest ones. */
  sample: number[];
  recent: number[];
  /** The field by which `recent` are the newest; null: by another time. */
  dated: string | null;
}

/** What the manifest says about objects with several pages. */
export interface ObjectsEntry {
  /** Objects that have several pages, and the rows that are their pages. */
  count: number;
  rows: number;
  /** Rows in a file. */
  block: number;
  files: FileListEntry;
}

/** A site's description of itself (docs/FORMAT.md 2.1). */
export interface Manifest {
  format: "imagedb-site";
  version: number;
  generator: string;
  collection: {
    title: string;
    description: string;
    count: number;
    hash: string;
    /** The kind of source that the collection was made from, such as "folder" or "table". */
    source: string;
    attribution: { text: string; url?: string; licence?: string }[];
  };
  fields: FieldDefinition[];
  /** The index of the columns' files; null if there are no columns. */
  columns: FileEntry | null;
  /** The fields that a list shows of each row. */
  list: { title: string | null; text: string | null; columns: string[] };
  rows: { block: number; files: FileListEntry };
  ids: { digits: number; files: FileListEntry };
  /** Null if the default order is that of the rows. */
  order: { block: number; files: FileListEntry } | null;
  thumbnails: { size: number; extension: "webp" | "bin"; count: number; bytes: number };
  views: { size: number; count: number; bytes: number } | null;
  originals: "none" | "copy" | "link";
  /** The origins of pictures on other hosts; null if there are none. */
  remote: { origins: string[] } | null;
  documents: { block: number; files: FileListEntry };
  /** The metadata to download, and the descriptions of the collection as a data set; null if there is none. */
  downloads: {
    formats: ("jsonl" | "csv")[]; rows: number; bytes: number; croissant: string; datapackage: string; index: FileEntry;
  } | null;
  catalog: CatalogEntry;
  vectors: FlatEntry | CellsEntry | null;
  model: ModelSummary | null;
  /** Absent if there is no map. */
  map?: MapEntry;
  /** Absent if no object has several pages. */
  objects?: ObjectsEntry;
  /** Absent if what the start page shows is left to the page. */
  home?: HomeEntry;
  suggestions: { file: FileEntry; count: number } | null;
  /** The index of the table of tags that have numbers; null if there is none. */
  tags: FileEntry | null;
  examples: string[];
  /** The index of the application's own files. */
  program: FileEntry;
  /** Sum of the sizes of all files but manifest.json. */
  bytes: number;
  /** The SHA-256 of the bytes of manifest.json with 64 zeros in the place of these digits. */
  checksum: string;
}
