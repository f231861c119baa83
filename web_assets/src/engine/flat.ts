/** Loading vectors of the tier `flat`: every file is decoded into the memory that is scanned. */
import { paddedDim, readQuantizer, readRowSet, readVectors, type Manifest } from "../format/index";
import { allocateScanner, SimilarityIndex } from "../kernel/index";
import type { SiteFiles } from "./files";
import { maskOf, without } from "./mask";
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
  const { missing } = vectors;
  const rows = missing && readRowSet(await files.load(missing.file, "vectors"), count, missing.count);
  return new FlatNearest(new SimilarityIndex(scanner, quantizer!), rows && without(null, maskOf(rows, count), count));
}
