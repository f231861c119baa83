/** What stands for a picture while its thumbnail is on its way: its colour at once, then what a ThumbHash has of it. */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { thumbHashToAverageRGBA, thumbHashToRGBA } from "thumbhash";

import { memo } from "../parts/memo";

/** The pixels of a ThumbHash; null where the bytes are none. */
function pixelsOf(hash: Uint8Array): { width: number; height: number; data: Uint8ClampedArray<ArrayBuffer> } | null {
  if (hash.length < 5) return null;
  try {
    const { w, h, rgba } = thumbHashToRGBA(hash);
    if (!(w > 0 && h > 0) || rgba.length !== w * h * 4) return null;
    return { width: w, height: h, data: new Uint8ClampedArray(rgba) };
  } catch {
    return null;
  }
}

/** The mean colour as CSS writes it; none where the bytes are no ThumbHash. */
function colourOf(hash: Uint8Array): string | undefined {
  if (hash.length < 5) return undefined;
  const { r, g, b } = thumbHashToAverageRGBA(hash);
  const parts = [r, g, b].map((part) => Math.round(255 * Math.min(1, Math.max(0, part))));
  return parts.every(Number.isFinite) ? `rgb(${parts.join(" ")})` : undefined;
}

const waiting = new Set<() => void>();
/** Milliseconds of drawing until other things have their turn. */
const SPELL = 6;

/** Draws when the page has time; the returned function takes the wish back. */
function inTime(draw: () => void): () => void {
  if (!waiting.size) setTimeout(drawWaiting, 0);
  waiting.add(draw);
  return () => waiting.delete(draw);
}

function drawWaiting(): void {
  const end = performance.now() + SPELL;
  for (const draw of waiting) {
    waiting.delete(draw);
    draw();
    if (performance.now() > end) break;
  }
  if (waiting.size) setTimeout(drawWaiting, 0);
}

/** @param covered whether the picture itself is there already */
export const Placeholder = memo(function Placeholder({ hash, covered = false }: { hash: Uint8Array; covered?: boolean }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const colour = useMemo(() => colourOf(hash), [hash]);
  // After the colours are on screen: a canvas for each tile is a third of the work of a new list.
  useEffect(() => (covered ? undefined : inTime(() => {
    const element = canvas.current;
    const pixels = pixelsOf(hash);
    if (!element || !pixels) return;
    element.width = pixels.width;
    element.height = pixels.height;
    element.getContext("2d")?.putImageData(new ImageData(pixels.data, pixels.width, pixels.height), 0, 0);
  })), [hash, covered]);
  return <canvas ref={canvas} class="placeholder" aria-hidden="true" width={1} height={1} style={{ background: colour }} />;
});
