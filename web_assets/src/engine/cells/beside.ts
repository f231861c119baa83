/** What the grid needs for rows that searches found: it lies beside their vectors (docs/FORMAT.md 2.9). */
import { DRAWN_BYTES, type CellsEntry } from "../../format/index";
import type { Drawn, DrawnRow } from "../nearest";
import { Lost } from "./lost";
import type { CellStore } from "./store";

/** How many found rows are remembered. */
const FOUND = 4096;

export class Beside implements Drawn {
  private readonly found = new Map<number, { cell: number; file: number }>();
  /** The most bytes of a vector file. */
  private readonly fileBytes: number;

  constructor(private readonly store: CellStore, { dim, cells }: CellsEntry) {
    this.fileBytes = cells.rows_per_file * (dim + 1 + DRAWN_BYTES);
  }

  /** Remember that a search found a row at this place of a cell. */
  note(row: number, cell: number, place: number): void {
    this.found.delete(row);
    this.found.set(row, { cell, file: this.store.fileOf(cell, place) });
    if (this.found.size > FOUND) this.found.delete(this.found.keys().next().value!);
  }

  held(rows: readonly number[]): Map<number, DrawnRow> {
    const [wanted, result] = [new Set(rows), new Map<number, DrawnRow>()];
    for (const { rows: inside, drawn } of this.store.held()) {
      if (drawn) inside.forEach((row, at) => { if (wanted.has(row)) result.set(row, { file: drawn, at }); });
    }
    return result;
  }

  async more(rows: readonly number[], blockOf: (row: number) => number, blockBytes: number): Promise<Map<number, DrawnRow>> {
    const files = new Map<number, number>();
    const blocks = new Set<number>();
    for (const row of rows) {
      const place = this.found.get(row);
      if (!place) continue;
      files.set(place.file, place.cell);
      blocks.add(blockOf(row));
    }
    if (files.size * this.fileBytes >= blocks.size * blockBytes) return new Map();
    // Rows of a file that cannot be loaded are drawn from their blocks.
    const lost = new Lost();
    await Promise.all(Array.from(files, ([file, cell]) => this.store.file(cell, file).catch(lost.add)));
    return this.held(rows);
  }
}
