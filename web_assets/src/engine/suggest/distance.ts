/**
 * The number of typing errors between two words: letters missing, added or changed, or two neighbours swapped, each
 * at most once (optimal string alignment distance). `limit + 1` if there are more than `limit`.
 */
export function slips(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let [before, last] = [new Uint8Array(b.length + 1), new Uint8Array(b.length + 1)];
  let row = Uint8Array.from({ length: b.length + 1 }, (_, j) => Math.min(j, 255));
  for (let i = 1; i <= a.length; i++) {
    [before, last, row] = [last, row, before];
    row[0] = Math.min(i, 255);
    let least = row[0];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2]! + 1);
      row[j] = cost;
      least = Math.min(least, cost);
    }
    if (least > limit) return limit + 1;
  }
  return Math.min(row[b.length]!, limit + 1);
}
