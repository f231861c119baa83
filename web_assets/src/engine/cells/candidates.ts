/** The rows that a search has scored, in arrays that grow. */
export const UNREAD = 0xffff_ffff;

export class Candidates {
  size = 0;
  private capacity = 0;
  private arrays = { rows: new Uint32Array(), cells: new Uint16Array(), places: new Uint32Array(), bases: new Float64Array(), values: new Float64Array() };

  get rows(): Uint32Array {
    return this.arrays.rows.subarray(0, this.size);
  }

  /** The cell of each row. */
  get cells(): Uint16Array {
    return this.arrays.cells.subarray(0, this.size);
  }

  /** The place of each row in its cell; UNREAD if the cell has not been read. */
  get places(): Uint32Array {
    return this.arrays.places.subarray(0, this.size);
  }

  /** The similarity of what each row is coded against. */
  get bases(): Float64Array {
    return this.arrays.bases.subarray(0, this.size);
  }

  /** The similarity of each row. */
  get values(): Float64Array {
    return this.arrays.values.subarray(0, this.size);
  }

  add(row: number, cell: number, place: number, base: number, value: number): void {
    if (this.size === this.capacity) this.grow();
    const { rows, cells, places, bases, values } = this.arrays;
    const at = this.size++;
    rows[at] = row;
    cells[at] = cell;
    places[at] = place;
    bases[at] = base;
    values[at] = value;
  }

  private grow(): void {
    const before = this.arrays;
    this.capacity = Math.max(4096, 2 * this.capacity);
    const { capacity } = this;
    this.arrays = {
      rows: new Uint32Array(capacity), cells: new Uint16Array(capacity), places: new Uint32Array(capacity), bases: new Float64Array(capacity), values: new Float64Array(capacity),
    };
    for (const key of Object.keys(before) as (keyof typeof before)[]) this.arrays[key].set(before[key]);
  }
}
