/** Which rows are counted if counting all of them costs too much (docs/QUERY.md, "Counts"). The twin is builder/imagedb_site/query/runs.py. Pure. */
import { countMask, emptyMask, type Mask } from "./mask";

/** An estimate counts whole runs of this number of rows. */
const RUN = 65_536;
/** Counts are exact up to this number of matching rows and estimated above it, from at least as many. */
const EXACT = 100_000;
/** Of tags in a collection of more runs than this, no more runs are counted, */
const TAG_RUNS = 4;
/** … nor more once they have this number of matching rows, */
const TAG_ROWS = 8192;
/** … if more rows match than this. */
const FEW = 256;

/** The runs to count, with the number of matching rows that each run has; null for all rows. */
export function runsTaken(rows: readonly number[], tags: boolean): number[] | null {
  const matched = rows.reduce((sum, count) => sum + count, 0);
  const many = tags && rows.length > TAG_RUNS && matched > FEW;
  if (matched <= EXACT && !many) return null;
  const [enough, most] = many ? [TAG_ROWS, TAG_RUNS] : [EXACT, Infinity];
  const bits = Math.max(1, Math.ceil(Math.log2(rows.length)));
  const taken: number[] = [];
  let found = 0;
  for (let place = 0; place < 2 ** bits && found < enough && taken.length < most; place++) {
    let run = 0;
    for (let bit = 0; bit < bits; bit++) if (place & (1 << bit)) run |= 1 << (bits - 1 - bit);
    if (!rows[run]) continue;
    taken.push(run);
    found += rows[run]!;
  }
  return taken;
}

/** The rows of a mask that are counted. */
export function countedRows(mask: Mask, count: number, tags: boolean): Mask {
  const bytes = (run: number): Mask => mask.subarray((run * RUN) >> 3, ((run + 1) * RUN) >> 3);
  const taken = runsTaken(Array.from({ length: Math.ceil(count / RUN) }, (_, run) => countMask(bytes(run))), tags);
  if (!taken) return mask;
  const part = emptyMask(count);
  for (const run of taken) part.set(bytes(run), (run * RUN) >> 3);
  return part;
}
