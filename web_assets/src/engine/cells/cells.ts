/** Opening the vectors of the tier `cells`: what every search needs. */
import { readCellIndex, readCellSizes } from "../../format/cells";
import { checkCells } from "../../format/read-cells-entry";
import { readCoarse, readQuantizer, type CellsEntry } from "../../format/index";
import type { SiteFiles } from "../files";
import { embeddedRows } from "../flat";
import { countMask } from "../mask";
import type { Nearest } from "../nearest";
import { CellNearest } from "./nearest";
import { Scheme } from "./scheme";
import { CellStore } from "./store";

/** @throws LoadError or FormatError */
export async function loadCells(files: SiteFiles, vectors: CellsEntry): Promise<Nearest> {
  checkCells(vectors);
  const { dim, cells, coarse, quantizer: quantizerFile } = vectors;
  const load = (file: CellsEntry["quantizer"]) => files.load(file, "vectors", "coarse");
  return await files.during("vectors", async () => {
    const lists = { groups: files.list(vectors.groups, "vectors"), vectors: files.list(vectors.files, "vectors") };
    const needed = Promise.all([load(cells.file), load(cells.sizes), load(coarse.file), load(quantizerFile), embeddedRows(files, vectors)]);
    // A search needs these a little later. If one does not arrive, it is asked for again then.
    for (const list of Object.values(lists)) list.begin().catch(() => undefined);
    const [index, sizes, scheme, quantizer, { known, texts }] = await needed;
    const directions = readCoarse(scheme, dim);
    const found = new Scheme(readQuantizer(quantizer, dim), directions, readCellIndex(index, vectors, directions.dims));
    const store = new CellStore(files, vectors, found, readCellSizes(sizes, vectors, known ? countMask(known) : vectors.count), known, lists);
    for (const texts of [false, true]) store.sample(texts).catch(() => undefined);
    return new CellNearest(files, vectors, found, store, known, texts);
  });
}
