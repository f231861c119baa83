/** The places of the `k` greatest values, falling; equal values by their rising keys. */
export function best(values: Float64Array, k: number, key: (place: number) => number): Uint32Array {
  const size = Math.min(k, values.length);
  if (!size) return new Uint32Array();
  // Only the best are put in order: numbers alone are sorted much faster than places.
  const limit = size < values.length ? values.slice().sort()[values.length - size]! : -Infinity;
  const places: number[] = [];
  for (let place = 0; place < values.length; place++) if (values[place]! >= limit) places.push(place);
  places.sort((a, b) => values[b]! - values[a]! || key(a) - key(b));
  return Uint32Array.from(places.slice(0, size));
}
