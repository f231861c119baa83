/** The default order of a collection (docs/FORMAT.md 2.5). */
import { headerCount, readContainer, section } from "./container";
import { FormatError } from "./errors";

/**
 * Decode the rows at the positions `first … first + count - 1`.
 * @param total how many rows the collection has
 * @throws FormatError
 */
export function readOrder(bytes: Uint8Array, first: number, count: number, total: number): Uint32Array {
  const container = readContainer(bytes, "order");
  if (headerCount(container, "first") !== first || headerCount(container, "count") !== count) {
    throw new FormatError("A file of the default order covers other positions than the manifest says.");
  }
  const steps = section(container, "step", ["i32"], count);
  const rows = new Uint32Array(count);
  let row = -1;
  for (let i = 0; i < count; i++) {
    row += 1 + steps[i]!;
    if (row < 0 || row >= total) throw new FormatError("The default order names a row that does not exist.");
    rows[i] = row;
  }
  return rows;
}

/** The blocks of a whole order as one, after a check that they name every row once. Throws FormatError. */
export function wholeOrder(blocks: readonly Uint32Array[], total: number): Uint32Array {
  const order = new Uint32Array(total);
  const seen = new Uint8Array(total);
  let position = 0;
  for (const block of blocks) {
    for (const row of block) {
      if (seen[row]) throw new FormatError("The default order names a row twice.");
      seen[row] = 1;
      order[position++] = row;
    }
  }
  if (position !== total) throw new FormatError("The default order does not name every row.");
  return order;
}
