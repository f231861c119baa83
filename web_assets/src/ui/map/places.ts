/** Where the points of the flat map are, so that those at a place are found without looking at all. Typed arrays only. */

/** The map is cut into this many squares in each direction, of this many bits. */
const [SIDE, SHIFT] = [128, 9];
const MISSING = 65_535;

/** Squares of thumbnails are numbered line by line; the steps to those around one. */
const ROW_OF_SQUARES = 0x1_0000_0000;
const AROUND = [-1, 0, 1].flatMap((line) => [-1, 0, 1].map((step) => line * ROW_OF_SQUARES + step)).filter((step) => step !== 0);

/** The points of one block of rows, sorted by square. */
export interface Block {
  first: number;
  count: number;
  /** x, y of each row. */
  points: Uint16Array;
  /** The first place of each square in `rows`. */
  starts: Uint32Array;
  /** Rows, from the first of the block. */
  rows: Uint32Array;
}

function squareOf(x: number, y: number): number {
  return (y >> SHIFT) * SIDE + (x >> SHIFT);
}

export function sorted(first: number, points: Uint16Array): Block {
  const count = points.length / 2;
  const starts = new Uint32Array(SIDE * SIDE + 1);
  const has = (row: number): boolean => points[2 * row] !== MISSING || points[2 * row + 1] !== MISSING;
  for (let row = 0; row < count; row++) if (has(row)) starts[squareOf(points[2 * row]!, points[2 * row + 1]!) + 1]!++;
  for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
  const next = starts.slice();
  const rows = new Uint32Array(starts.at(-1)!);
  for (let row = 0; row < count; row++) if (has(row)) rows[next[squareOf(points[2 * row]!, points[2 * row + 1]!)]!++] = row;
  return { first, count, points, starts, rows };
}

export class Places {
  readonly blocks: Block[] = [];

  add(first: number, points: Uint16Array): void {
    this.blocks.push(sorted(first, points));
  }

  /** The box of all points: left, top, right, bottom. */
  box(): [number, number, number, number] {
    const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const { points, rows } of this.blocks) {
      for (const row of rows) {
        const [x, y] = [points[2 * row]!, points[2 * row + 1]!];
        if (x < box[0]) box[0] = x;
        if (y < box[1]) box[1] = y;
        if (x > box[2]) box[2] = x;
        if (y > box[3]) box[3] = y;
      }
    }
    return box;
  }

  /** Call `use` for the points in a box, until it returns false. */
  each([left, top, right, bottom]: readonly [number, number, number, number], use: (row: number, x: number, y: number) => boolean): void {
    const square = (value: number): number => Math.min(SIDE - 1, Math.max(0, value >> SHIFT));
    const [fromX, toX, fromY, toY] = [square(left), square(right), square(top), square(bottom)];
    for (const { first, points, starts, rows } of this.blocks) {
      for (let y = fromY; y <= toY; y++) {
        const end = starts[y * SIDE + toX + 1]!;
        for (let i = starts[y * SIDE + fromX]!; i < end; i++) {
          const row = rows[i]!;
          const [px, py] = [points[2 * row]!, points[2 * row + 1]!];
          if (px >= left && px <= right && py >= top && py <= bottom && !use(first + row, px, py)) return;
        }
      }
    }
  }

  /** How many points are in a box; counting ends at `most`. */
  countIn(box: readonly [number, number, number, number], most: number): number {
    let count = 0;
    this.each(box, () => ++count < most);
    return count;
  }

  /** The row of the point nearest to a place, of those that `lit` prefers if there is one; null if none is within `radius`. */
  nearest(x: number, y: number, radius: number, lit: (row: number) => boolean): number | null {
    let best: { row: number; score: number } | null = null;
    this.each([x - radius, y - radius, x + radius, y + radius], (row, px, py) => {
      const distance = Math.hypot(px - x, py - y);
      const score = distance + (lit(row) ? 0 : 2 * radius);
      if (distance <= radius && (!best || score < best.score)) best = { row, score };
      return true;
    });
    return (best as { row: number } | null)?.row ?? null;
  }

  /**
   * The rows whose thumbnails are shown, the lit ones first: at most one for each square of `side` units of the map, and none over another. The
   * squares belong to the map and not to the screen, so that the same pictures stay while the map moves.
   */
  spread(box: readonly [number, number, number, number], side: number, most: number, lit: (row: number) => boolean): { row: number; x: number; y: number }[] {
    const chosen = new Map<number, { row: number; x: number; y: number; lit: boolean }>();
    this.each(box, (row, x, y) => {
      const key = Math.floor(y / side) * ROW_OF_SQUARES + Math.floor(x / side);
      const old = chosen.get(key);
      const now = lit(row);
      if (!old || (now && !old.lit) || (now === old.lit && row < old.row)) chosen.set(key, { row, x, y, lit: now });
      return true;
    });
    const shown = new Map<number, { row: number; x: number; y: number }>();
    for (const [key, one] of [...chosen].sort(([, a], [, b]) => Number(b.lit) - Number(a.lit) || a.row - b.row)) {
      if (shown.size >= most) break;
      const free = AROUND.every((step) => {
        const other = shown.get(key + step);
        return !other || Math.abs(other.x - one.x) >= side * 0.9 || Math.abs(other.y - one.y) >= side * 0.75;
      });
      if (free) shown.set(key, one);
    }
    return [...shown.values()];
  }
}
