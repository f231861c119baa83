/** Loading vectors of the tier `flat`: every file is decoded into the memory that is scanned. */
import { FormatError, paddedDim, readQuantizer, readRowSet, readVectors, type Manifest } from "../format/index";
import { allocateScanner, SimilarityIndex } from "../kernel/index";
import type { SiteFiles } from "./files";
import { fullMask, maskOf, without, type Mask } from "./mask";
import { FlatNearest, type Nearest } from "./nearest";

type Vectors = NonNullable<Manifest["vectors"]>;

/** Throws LoadError or FormatError. */
export function loadFlat(files: SiteFiles, vectors: Vectors): Promise<Nearest> {
  return files.during("vectors", () => load(files, vectors));
}

async function load(files: SiteFiles, vectors: Vectors): Promise<Nearest> {
  const { count, dim, block } = vectors;
  const entries = await files.list(vectors.files, "vectors").entries();
  const padded = paddedDim(dim);
  const scanner = await allocateScanner(count, padded);
  let quantizer: ReturnType<typeof readQuantizer> | null = null;
  await files.loadAll([vectors.quantizer, ...entries], "vectors", (content, place) => {
    if (!place) {
      quantizer = readQuantizer(content, dim);
      return;
    }
    const first = (place - 1) * block;
    scanner.codes.set(readVectors(content, first, Math.min(block, count - first), dim), first * padded);
  });
  const rowsIn = async (set: Vectors["missing"] | undefined): Promise<Mask | null> =>
    (set ? maskOf(readRowSet(await files.load(set.file, "vectors"), count, set.count), count) : null);
  const [missing, some] = [await rowsIn(vectors.missing), await rowsIn(vectors.texts)];
  const known = missing && without(null, missing, count);
  if (some?.some((byte, i) => byte & (missing?.[i] ?? 0))) throw new FormatError("vectors.texts has a row without an embedding.");
  const texts = vectors.source === "texts" ? known ?? fullMask(count) : some;
  return new FlatNearest(new SimilarityIndex(scanner, quantizer!), known, texts);
}
