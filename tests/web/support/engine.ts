/** The engine over the golden site, and the content of that site. */
import { Engine, type LoadProgress, type SearchResponse } from "../../../web_assets/src/engine";
import { golden, json } from "./files";
import { assets, BASE, type Server } from "./site";

interface Expected {
  count: number;
  ids: string[];
  rows: { width: number; height: number; placeholder: string; thumbnail_sha256: string }[];
  documents: { path: string; fields: Record<string, unknown> }[];
  columns: Record<string, unknown[]>;
  vectors: { tolerance: number; queries: { query: number[]; results: { row: number; similarity: number }[] }[] };
}

export const expected = json<Expected>(golden, "site-tiny.json");

export const open = async (server: Server, onProgress?: (progress: LoadProgress) => void): Promise<Engine> =>
  await Engine.open(BASE, { fetch: server.fetch, assets, ...(onProgress ? { onProgress } : {}) });

export const rowsOf = (response: SearchResponse): number[] => response.results.map(({ row }) => row);
