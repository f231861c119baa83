/** The reader of the tier `cells` over files of a test. */
import { loadCells } from "../../../web_assets/src/engine/cells/cells";
import { SiteFiles } from "../../../web_assets/src/engine/files";
import type { Nearest } from "../../../web_assets/src/engine/nearest";
import { Meter } from "../../../web_assets/src/engine/progress";
import type { LoadProgress } from "../../../web_assets/src/engine";
import type { CellsEntry, Manifest } from "../../../web_assets/src/format";
import { BASE, serve, type Server } from "./site";
import type { Written } from "./cells";

export interface Opened {
  nearest: Nearest;
  server: Server;
  /** What was reported of loading. */
  progress: LoadProgress[];
}

export async function openFrom(entry: CellsEntry, server: Server): Promise<Opened> {
  const progress: LoadProgress[] = [];
  const files = new SiteFiles(`${BASE}manifest.json`, server.fetch, new Meter((report) => { progress.push(report); }));
  return { nearest: await loadCells(files, entry), server, progress };
}

export const openCells = ({ entry, files }: Written): Promise<Opened> => openFrom(entry, serve({} as Manifest, files.stored));
