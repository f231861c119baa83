/** Converts a query to integers, so that a scan only multiplies and adds whole numbers. */

export interface IntegerQuery {
  /** `paddedDim` values; the padding is 0. */
  values: Int16Array;
  /** `Σ weights[d]·code[d]` is about `step · Σ values[d]·code[d]`. */
  step: number;
}

const MAX_CODE = 127;
const MAX_VALUE = 32767;
const MAX_SUM = 2 ** 31 - 1;

/**
 * The weights of the codes (the query times the scale of each dimension) as int16.
 *
 * The step is as small as two limits allow: a value fits into 16 bits, and no sum of products with codes of
 * −127 … 127 exceeds 32 bits, whatever the codes are.
 */
export function integerQuery(weights: ArrayLike<number>, paddedDim: number): IntegerQuery {
  let peak = 0;
  let sum = 0;
  for (let d = 0; d < weights.length; d++) {
    const size = Math.abs(weights[d]!);
    peak = Math.max(peak, size);
    sum += size;
  }
  const values = new Int16Array(paddedDim);
  // So small that a division would no longer be exact: treated as a query without direction.
  if (!(peak > 1e-290) || !Number.isFinite(sum)) return { values, step: 0 };
  // Rounding may add half a unit to each value.
  const step = Math.max(peak / MAX_VALUE, (sum * MAX_CODE) / (MAX_SUM - (MAX_CODE * weights.length) / 2 - 1));
  for (let d = 0; d < weights.length; d++) values[d] = Math.round(weights[d]! / step);
  return { values, step };
}
