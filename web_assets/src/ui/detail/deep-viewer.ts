/** Draws an original that is zoomed into, and moves it by wheel, drag and pinch: OpenSeadragon without its own buttons and keys. */
import OpenSeadragon from "openseadragon";

import type { Part } from "./zoom";

interface Options {
  /** What is shown at first. */
  part: Part;
  /** The largest size of a pixel of the original, in CSS pixels. */
  most: number;
  /** Whether nothing may glide. */
  calm: boolean;
  onShown: () => void;
  onFail: () => void;
  onMove: (part: Part) => void;
  /** Called when the whole picture is in view again. */
  onFitted: () => void;
}

/** What buttons and keys do with it. */
export interface DeepViewer {
  zoomBy(factor: number): void;
  /** Zooms so that a pixel of the original is `size` CSS pixels. */
  pixel(size: number): void;
  fit(): void;
  close(): void;
}

/** How far from fitted still counts as fitted. */
const FITTED = 1.005;

export function openDeep(element: HTMLElement, src: string, { part, most, calm, onShown, onFail, onMove, onFitted }: Options): DeepViewer {
  const gestures = { clickToZoom: false, dblClickToZoom: false, flickEnabled: !calm, pinchRotate: false };
  const viewer = new OpenSeadragon.Viewer({
    element, drawer: "canvas", tileSources: { type: "image", url: src }, showNavigationControl: false, tabIndex: "" as unknown as number,
    animationTime: calm ? 0 : 0.4, blendTime: 0, immediateRender: true, visibilityRatio: 1, constrainDuringPan: true, minZoomImageRatio: 1, maxZoomPixelRatio: most,
    gestureSettingsMouse: gestures, gestureSettingsTouch: gestures, gestureSettingsPen: gestures, gestureSettingsUnknown: gestures,
  });
  const { viewport } = viewer;
  let shown = false;
  const move = (): void => {
    if (!shown) return;
    const { x, y, width, height } = viewport.getBounds(true);
    onMove({ x, y, width, height });
  };
  viewer.addHandler("open", () => viewport.fitBounds(new OpenSeadragon.Rect(part.x, part.y, part.width, part.height), true));
  viewer.addOnceHandler("tile-drawn", () => {
    shown = true;
    onShown();
  });
  viewer.addHandler("open-failed", onFail);
  viewer.addHandler("animation", move);
  viewer.addHandler("animation-finish", () => {
    move();
    if (shown && viewport.getZoom(true) <= viewport.getHomeZoom() * FITTED) onFitted();
  });
  viewer.addHandler("canvas-double-click", () => viewport.goHome(calm));
  const zoomTo = (zoom: number): void => {
    viewport.zoomTo(zoom, undefined, calm);
    viewport.applyConstraints(calm);
  };
  return {
    zoomBy: (factor) => zoomTo(viewport.getZoom() * factor),
    pixel: (size) => zoomTo(viewport.imageToViewportZoom(size)),
    fit: () => { viewport.goHome(calm); },
    close: () => viewer.destroy(),
  };
}
