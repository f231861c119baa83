/** Inner products of vectors side by side. */

/** The inner products of `query`, float32 [dim], with rows side by side. */
export function similaritiesTo(query: ArrayLike<number>, rows: Float32Array): Float64Array {
  const dim = query.length;
  const result = new Float64Array(rows.length / dim);
  for (let i = 0; i < result.length; i++) result[i] = dot(query, 0, rows, i * dim, dim);
  return result;
}

/** The inner product of `length` values at positions of two arrays. Four separate sums can be computed in parallel. */
export function dot(a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number, length: number): number {
  let [w, x, y, z] = [0, 0, 0, 0];
  const end = i + (length & ~3);
  for (; i < end; i += 4, j += 4) {
    w += a[i]! * b[j]!;
    x += a[i + 1]! * b[j + 1]!;
    y += a[i + 2]! * b[j + 2]!;
    z += a[i + 3]! * b[j + 3]!;
  }
  for (let rest = length & 3; rest > 0; rest--) w += a[i++]! * b[j++]!;
  return w + x + y + z;
}
