/** The shapes of docs/FORMAT.md, sections 2 and 3, as the browser reads them. */

export interface FileEntry {
  path: string;
  /** Stored size, and size after decoding gzip. */
  bytes: number;
  raw_bytes: number;
  sha256: string;
}

export type FieldType = "text" | "tags" | "category" | "number" | "date" | "boolean" | "url";

export interface FieldDefinition {
  name: string;
  label: string;
  type: FieldType;
  fts: boolean;
  facet: boolean;
  column: FileEntry | null;
  unit?: string;
}

export type FieldValue = string | number | boolean | string[];

export interface ImageDocument {
  id: string;
  path: string;
  width: number;
  height: number;
  fields: Record<string, FieldValue>;
  view?: { path: string; width: number; height: number };
  original?: string;
}

export interface Preprocessing {
  size: [number, number];
  resize: "shortest" | "squash" | "longest";
  interpolation: "bilinear" | "bicubic";
  crop: "center" | "none";
  mean: [number, number, number];
  std: [number, number, number];
  fill: [number, number, number];
}

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
    /** The token that pads, and that stands for a text without any; 0 where absent. */
    pad_id?: number;
  };
  tokens: { rows: number; width: number; precision: "int8" | "int4"; rows_per_shard: number; shards: string[] };
  tokenizer: { file: string; kind: string };
  vocabulary: { file: string } | null;
  calibration: { temperature: number };
  card: string;
  files: Record<string, { bytes: number; sha256: string }>;
}

export interface Manifest {
  format: "imagedb-site";
  version: number;
  generator: string;
  collection: {
    title: string;
    description: string;
    count: number;
    hash: string;
    attribution: { text: string; url?: string; licence?: string }[];
  };
  fields: FieldDefinition[];
  rows: { block: number; files: FileEntry[] };
  ids: FileEntry;
  thumbnails: { size: number; extension: "webp" | "bin"; count: number; bytes: number };
  views: { size: number; count: number; bytes: number } | null;
  originals: "none" | "copy" | "link";
  documents: { block: number; files: FileEntry[] };
  catalog: { tier: "whole"; file: FileEntry; columns: string[]; tokenize: string; count: number };
  vectors: { tier: "flat"; codec: "int8"; count: number; dim: number; file: FileEntry } | null;
  model: { pack: PackManifest; files: Record<string, FileEntry> } | null;
  suggestions?: { file: FileEntry; count: number } | null;
  examples: string[];
  bytes: number;
}
