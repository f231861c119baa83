/** The blurred picture of a ThumbHash, drawn at once while the thumbnail is on its way. */
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { thumbHashToRGBA } from "thumbhash";

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

export const Placeholder = memo(function Placeholder({ hash }: { hash: Uint8Array }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const element = canvas.current;
    const pixels = pixelsOf(hash);
    if (!element || !pixels) return;
    element.width = pixels.width;
    element.height = pixels.height;
    element.getContext("2d")?.putImageData(new ImageData(pixels.data, pixels.width, pixels.height), 0, 0);
  }, [hash]);
  return <canvas ref={canvas} class="placeholder" aria-hidden="true" width={1} height={1} />;
});
