/** What is shown while a thumbnail loads: its mean colour at once, then the blur of its ThumbHash. */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { thumbHashToAverageRGBA, thumbHashToRGBA } from "thumbhash";

import { memo } from "./memo";

/** The pixels of a ThumbHash; null if the bytes are not a ThumbHash. */
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

/** The mean colour as CSS writes it; undefined if the bytes are not a ThumbHash. */
function colourOf(hash: Uint8Array): string | undefined {
  if (hash.length < 5) return undefined;
  const { r, g, b } = thumbHashToAverageRGBA(hash);
  const parts = [r, g, b].map((part) => Math.round(255 * Math.min(1, Math.max(0, part))));
  return parts.every(Number.isFinite) ? `rgb(${parts.join(" ")})` : undefined;
}

const waiting = new Set<() => void>();
/** Most pictures arrive within this many ms; until then the mean colour is enough. */
const BLUR_DELAY_MS = 150;
/** How long (ms) one task may draw blurs before it yields. */
const BLUR_BUDGET_MS = 6;

/** Draws as soon as the page has time. Returns a function that cancels it. */
function inTime(draw: () => void): () => void {
  if (!waiting.size) setTimeout(drawWaiting, BLUR_DELAY_MS);
  waiting.add(draw);
  return () => waiting.delete(draw);
}

function drawWaiting(): void {
  const end = performance.now() + BLUR_BUDGET_MS;
  for (const draw of waiting) {
    waiting.delete(draw);
    draw();
    if (performance.now() > end) break;
  }
  if (waiting.size) setTimeout(drawWaiting, 0);
}

function drawBlur(holder: HTMLElement, hash: Uint8Array): void {
  const pixels = pixelsOf(hash);
  if (!pixels) return;
  const canvas = document.createElement("canvas");
  canvas.width = pixels.width;
  canvas.height = pixels.height;
  canvas.getContext("2d")?.putImageData(new ImageData(pixels.data, pixels.width, pixels.height), 0, 0);
  holder.replaceChildren(canvas);
}

/** @param covered whether the picture itself is already shown */
export const Placeholder = memo(function Placeholder({ hash, covered = false }: { hash: Uint8Array; covered?: boolean }): JSX.Element {
  const holder = useRef<HTMLSpanElement>(null);
  const colour = useMemo(() => colourOf(hash), [hash]);
  // Creating a canvas for every tile would be a third of the work for a new list.
  useEffect(() => {
    if (covered) return undefined;
    holder.current?.replaceChildren();
    return inTime(() => { if (holder.current) drawBlur(holder.current, hash); });
  }, [hash, covered]);
  return <span ref={holder} class="placeholder" aria-hidden="true" style={{ background: colour }} />;
});
