/** A text with its matched words marked. */
import type { JSX } from "preact";

import { visible } from "../../base/visible";

/** @param pieces alternating plain and matched, starting with a plain one */
export function Marked({ pieces }: { pieces: readonly string[] }): JSX.Element {
  return <>{pieces.map((piece, i) => (i % 2 ? <mark key={i}>{visible(piece, true)}</mark> : visible(piece, true)))}</>;
}
