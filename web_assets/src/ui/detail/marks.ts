/** Matched words of a field that is shown in several pieces. Pure. */

/**
 * The pieces of each of `parts`, alternating plain and matched as in `Highlight`, from the pieces of all of them
 * joined by `separator`. Null if the pieces are of another text.
 */
export function cutPieces(pieces: string[], parts: string[], separator: string): string[][] | null {
  if (pieces.join("") !== parts.join(separator)) return null;
  const marks: { start: number; end: number }[] = [];
  let at = 0;
  for (const [i, piece] of pieces.entries()) {
    if (i % 2 && piece) marks.push({ start: at, end: at + piece.length });
    at += piece.length;
  }
  let start = 0;
  return parts.map((part) => {
    const end = start + part.length;
    const cut: string[] = [];
    let done = start;
    for (const mark of marks) {
      const from = Math.max(mark.start, start);
      const to = Math.min(mark.end, end);
      if (from >= to) continue;
      cut.push(part.slice(done - start, from - start), part.slice(from - start, to - start));
      done = to;
    }
    cut.push(part.slice(done - start));
    start = end + separator.length;
    return cut;
  });
}
