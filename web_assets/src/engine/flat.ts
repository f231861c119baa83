/** Loading vectors of the tier `flat`: every file is decoded into the memory that is scanned. */
import {
  FormatError, paddedDim, readCoarse, readCoarseCodes, readQuantizer, readRowSet, readVectors, type CellsEntry, type FlatEntry, type Quantizer,
} from "../format/index";
import { allocateScanner, CoarseIndex, SimilarityIndex, unpackInto } from "../kernel/index";
import type { SiteFiles } from "./files";
import type { Stage } from "./line";
import { fullMask, maskOf, without, type Mask } from "./mask";
import { FlatNearest, type Nearest } from "./nearest";

/** The int8 codes. If the site has coarse codes, those answer first, and these load later. Throws LoadError or FormatError. */
export function loadFlat(files: SiteFiles, vectors: FlatEntry): Promise<Nearest> {
  return files.during("vectors", () => loadFine(files, vectors, vectors.coarse ? "refine" : "coarse"));
}

/** The coarse codes of a site that has them. Throws LoadError or FormatError. */
export function loadCoarse(files: SiteFiles, vectors: FlatEntry, coarse: NonNullable<FlatEntry["coarse"]>): Promise<Nearest> {
  return files.during("vectors", () => loadRough(files, vectors, coarse));
}

async function loadFine(files: SiteFiles, vectors: FlatEntry, stage: Stage): Promise<Nearest> {
  const { count, dim, block } = vectors;
  const entries = await files.list(vectors.files, "vectors", stage).entries();
  const padded = paddedDim(dim);
  const scanner = await allocateScanner(count, padded);
  let quantizer: Quantizer | null = null;
  await files.loadAll([vectors.quantizer, ...entries], "vectors", (content, place) => {
    if (!place) {
      quantizer = readQuantizer(content, dim);
      return;
    }
    const first = (place - 1) * block;
    scanner.codes.set(readVectors(content, first, Math.min(block, count - first), dim), first * padded);
  }, stage);
  const { known, texts } = await embeddedRows(files, vectors);
  return new FlatNearest(new SimilarityIndex(scanner, quantizer!), known, texts);
}

async function loadRough(files: SiteFiles, vectors: FlatEntry, { file, block, files: list }: NonNullable<FlatEntry["coarse"]>): Promise<Nearest> {
  const { count, dim } = vectors;
  const [entries, content, quantizer, { known, texts }] = await Promise.all([
    files.list(list, "vectors").entries(), files.load(file, "vectors"), files.load(vectors.quantizer, "vectors"), embeddedRows(files, vectors),
  ]);
  const directions = readCoarse(content, dim);
  const scanner = await allocateScanner(count, paddedDim(directions.dims));
  await files.loadAll(entries, "vectors", (codes, place) => {
    const first = place * block;
    unpackInto(scanner, first, readCoarseCodes(codes, first, Math.min(block, count - first), directions.rowBytes), directions);
  });
  return new FlatNearest(new CoarseIndex(scanner, directions, readQuantizer(quantizer, dim).mean), known, texts, true);
}

/** The rows that have an embedding, and those that have the embedding of a text. */
export async function embeddedRows(files: SiteFiles, vectors: FlatEntry | CellsEntry): Promise<{ known: Mask | null; texts: Mask | null }> {
  const { count } = vectors;
  const rowsIn = async (set: FlatEntry["missing"] | undefined): Promise<Mask | null> =>
    (set ? maskOf(readRowSet(await files.load(set.file, "vectors"), count, set.count), count) : null);
  const [missing, some] = await Promise.all([rowsIn(vectors.missing), rowsIn(vectors.texts)]);
  const known = missing && without(null, missing, count);
  if (some?.some((byte, i) => byte & (missing?.[i] ?? 0))) throw new FormatError("vectors.texts has a row without an embedding.");
  return { known, texts: vectors.source === "texts" ? known ?? fullMask(count) : some };
}
