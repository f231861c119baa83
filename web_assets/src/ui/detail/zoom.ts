/** A picture's zoom: how much larger it is drawn, and how far its centre is moved. Pure; lengths in CSS pixels. */
export interface Zoom {
  scale: number;
  x: number;
  y: number;
}

export interface Frame {
  /** The stage, and the picture as fitted into it. */
  width: number;
  height: number;
  pictureWidth: number;
  pictureHeight: number;
  /** The largest scale; by default MAX_ZOOM. */
  most?: number;
}

export const FITTED: Zoom = { scale: 1, x: 0, y: 0 };
export const MAX_ZOOM = 8;

function clampTo(value: number, limit: number): number {
  return Math.min(limit, Math.max(-limit, value)) || 0;
}

function scaleIn(scale: number, { most = MAX_ZOOM }: Frame): number {
  return Math.min(most, Math.max(1, scale));
}

/** Keeps the scale sensible and the picture's edges at or beyond those of the stage. */
export function clamp(zoom: Zoom, frame: Frame): Zoom {
  const scale = scaleIn(zoom.scale, frame);
  const spareX = Math.max(0, (frame.pictureWidth * scale - frame.width) / 2);
  const spareY = Math.max(0, (frame.pictureHeight * scale - frame.height) / 2);
  return { scale, x: clampTo(zoom.x, spareX), y: clampTo(zoom.y, spareY) };
}

/** Zooms by a factor so that the point `px, py` (from the stage's centre) stays where it is. */
export function zoomAt(zoom: Zoom, factor: number, px: number, py: number, frame: Frame): Zoom {
  const scale = scaleIn(zoom.scale * factor, frame);
  const ratio = scale / zoom.scale;
  return clamp({ scale, x: px - (px - zoom.x) * ratio, y: py - (py - zoom.y) * ratio }, frame);
}

export function pan(zoom: Zoom, dx: number, dy: number, frame: Frame): Zoom {
  return clamp({ ...zoom, x: zoom.x + dx, y: zoom.y + dy }, frame);
}

/** A part of a picture, in units of its width: what the stage shows, and more if the picture does not fill it. */
export interface Part {
  x: number;
  y: number;
  width: number;
  height: number;
}

export function partOf({ scale, x, y }: Zoom, { width, height, pictureWidth, pictureHeight }: Frame): Part {
  const unit = pictureWidth * scale;
  return { x: 0.5 - (width / 2 + x) / unit, y: (pictureHeight * scale - height) / 2 / unit - y / unit, width: width / unit, height: height / unit };
}

/** The zoom that shows a part. */
export function zoomTo(part: Part, { width, height, pictureWidth, pictureHeight }: Frame): Zoom {
  const unit = width / part.width;
  const scale = unit / pictureWidth;
  return { scale, x: (0.5 - part.x) * unit - width / 2, y: (pictureHeight * scale - height) / 2 - part.y * unit };
}

/** The size of a picture fitted into a stage, enlarged at most `enlarge` times. */
export function fit(width: number, height: number, stageWidth: number, stageHeight: number, enlarge: number): { width: number; height: number } {
  if (width <= 0 || height <= 0) return { width: Math.min(stageWidth, stageHeight), height: Math.min(stageWidth, stageHeight) };
  const scale = Math.min(stageWidth / width, stageHeight / height, enlarge);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

export type Swipe = "next" | "previous" | null;

/** What a finished drag of an unzoomed picture means. `speed` in px/ms along x. */
export function swipeOf(dx: number, dy: number, speed: number): Swipe {
  if (Math.abs(dx) > Math.abs(dy) * 1.2 && (Math.abs(dx) > 70 || (Math.abs(dx) > 24 && Math.abs(speed) > 0.5))) {
    return dx < 0 ? "next" : "previous";
  }
  return null;
}
