/** The k best of a stream of rows, in order: greater dot products first, then smaller rows. */
export class TopK {
  readonly rows: Uint32Array;
  readonly dots: Int32Array;
  size = 0;

  constructor(readonly k: number) {
    this.rows = new Uint32Array(k);
    this.dots = new Int32Array(k);
  }

  /** A later row must have a greater dot product than this to be kept. */
  get threshold(): number {
    return this.size < this.k ? -(2 ** 31) : this.dots[0]!;
  }

  /** Offer a row; rows must come in rising order. */
  push(row: number, dot: number): void {
    if (this.size < this.k) {
      this.rise(this.size++, row, dot);
    } else if (this.k && dot > this.dots[0]!) {
      this.sink(this.size, row, dot);
    }
  }

  /** Sort in place, best first. The heap cannot be used afterwards. */
  finish(): { rows: Uint32Array; dots: Int32Array } {
    const { rows, dots, size } = this;
    for (let last = size - 1; last > 0; last--) {
      const row = rows[last]!;
      const dot = dots[last]!;
      rows[last] = rows[0]!;
      dots[last] = dots[0]!;
      this.sink(last, row, dot);
    }
    return { rows: rows.subarray(0, size), dots: dots.subarray(0, size) };
  }

  /** Whether the entry (row, dot) is worse than that at `index`: the root is the worst of all. */
  private worse(row: number, dot: number, index: number): boolean {
    const other = this.dots[index]!;
    return dot < other || (dot === other && row > this.rows[index]!);
  }

  private rise(at: number, row: number, dot: number): void {
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.worse(row, dot, parent)) break;
      this.rows[at] = this.rows[parent]!;
      this.dots[at] = this.dots[parent]!;
      at = parent;
    }
    this.rows[at] = row;
    this.dots[at] = dot;
  }

  /** Put an entry in the root's place within the first `size` entries. */
  private sink(size: number, row: number, dot: number): void {
    const { rows, dots } = this;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.worse(rows[child + 1]!, dots[child + 1]!, child)) child++;
      if (this.worse(row, dot, child)) break;
      rows[at] = rows[child]!;
      dots[at] = dots[child]!;
      at = child;
    }
    rows[at] = row;
    dots[at] = dot;
  }
}
