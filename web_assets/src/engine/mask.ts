/** Sets of rows as bitmaps: bit `r & 7` of byte `r >> 3`. Bits beyond the last row are 0. */
export type Mask = Uint8Array;

export function emptyMask(count: number): Mask {
  return new Uint8Array(Math.ceil(count / 8));
}

export function fullMask(count: number): Mask {
  const mask = emptyMask(count).fill(255);
  if (count % 8) mask[mask.length - 1] = (1 << (count % 8)) - 1;
  return mask;
}

export function maskOf(rows: ArrayLike<number>, count: number): Mask {
  const mask = emptyMask(count);
  for (let i = 0; i < rows.length; i++) mask[rows[i]! >> 3]! |= 1 << (rows[i]! & 7);
  return mask;
}

export function has(mask: Mask, row: number): boolean {
  return (mask[row >> 3]! & (1 << (row & 7))) !== 0;
}

/** Rows in both; null stands for all rows. */
export function both(a: Mask | null, b: Mask | null): Mask | null {
  if (!a || !b) return a ?? b;
  return a.map((byte, i) => byte & b[i]!);
}

/** The rows of `a` that are not in `b`; null stands for all rows. */
export function without(a: Mask | null, b: Mask, count: number): Mask {
  return (a ?? fullMask(count)).map((byte, i) => byte & ~b[i]!);
}

export function countMask(mask: Mask): number {
  let sum = 0;
  for (let byte of mask) for (; byte; byte &= byte - 1) sum++;
  return sum;
}

/** The rows of a mask, rising. */
export function rowsOf(mask: Mask): Uint32Array {
  const rows = new Uint32Array(countMask(mask));
  let at = 0;
  mask.forEach((byte, i) => {
    for (let bits = byte; bits; bits &= bits - 1) rows[at++] = i * 8 + (31 - Math.clz32(bits & -bits));
  });
  return rows;
}
