/** What part of the flat map is on screen, and how places of the map and of the screen belong together. Pure. */
import { MAP_EDGE } from "../../base/map";

export interface Size {
  width: number;
  height: number;
}

/** The place of the map in the middle of the screen, and CSS pixels per unit of the map. */
export interface Frame {
  x: number;
  y: number;
  scale: number;
}

/** How far one may zoom in: CSS pixels per unit. */
const CLOSEST = 8;
/** The part of the screen that the whole map takes. */
const FILL = 0.92;

/** The scale at which a box fits on the screen. */
function fitting(width: number, height: number, size: Size): number {
  return FILL * Math.min(size.width / Math.max(1, width), size.height / Math.max(1, height));
}

/** The frame that shows a box of the map: left, top, right, bottom. */
export function fit([left, top, right, bottom]: readonly [number, number, number, number], size: Size): Frame {
  if (!(right >= left && bottom >= top)) return fit([0, 0, MAP_EDGE, MAP_EDGE], size);
  return { x: (left + right) / 2, y: (top + bottom) / 2, scale: Math.min(CLOSEST, fitting(right - left, bottom - top, size)) };
}

export function toScreen(frame: Frame, size: Size, x: number, y: number): [number, number] {
  return [size.width / 2 + (x - frame.x) * frame.scale, size.height / 2 + (y - frame.y) * frame.scale];
}

export function toMap(frame: Frame, size: Size, left: number, top: number): [number, number] {
  return [frame.x + (left - size.width / 2) / frame.scale, frame.y + (top - size.height / 2) / frame.scale];
}

/** The box of the map that is on screen, with a margin of CSS pixels: left, top, right, bottom. */
export function shownBox(frame: Frame, size: Size, margin = 0): [number, number, number, number] {
  const [left, top] = toMap(frame, size, -margin, -margin);
  const [right, bottom] = toMap(frame, size, size.width + margin, size.height + margin);
  return [left, top, right, bottom];
}

/** A frame in which something of the map is always on screen, neither too near nor too far. */
export function within(frame: Frame, size: Size): Frame {
  const least = fitting(MAP_EDGE, MAP_EDGE, size) / 2;
  const edge = (value: number): number => Math.min(MAP_EDGE, Math.max(0, value));
  return { x: edge(frame.x), y: edge(frame.y), scale: Math.min(CLOSEST, Math.max(least, frame.scale)) };
}

export function moved(frame: Frame, size: Size, right: number, down: number): Frame {
  return within({ ...frame, x: frame.x - right / frame.scale, y: frame.y - down / frame.scale }, size);
}

/** Zoomed by a factor around a place of the screen, which keeps showing the same place of the map. */
export function zoomed(frame: Frame, size: Size, factor: number, left = size.width / 2, top = size.height / 2): Frame {
  const scale = within({ ...frame, scale: frame.scale * factor }, size).scale;
  const [x, y] = toMap(frame, size, left, top);
  return within({ x: x - (left - size.width / 2) / scale, y: y - (top - size.height / 2) / scale, scale }, size);
}

/** A frame on the way from one to another, `part` from 0 to 1: zooms evenly, so that nothing rushes past. */
export function between(from: Frame, to: Frame, part: number): Frame {
  const eased = 1 - (1 - part) ** 3;
  const scale = from.scale * (to.scale / from.scale) ** eased;
  // The middle moves with the zoom, so that the target stays in the same direction.
  const change = 1 / to.scale - 1 / from.scale;
  const way = Math.abs(change) > 1e-9 ? (1 / scale - 1 / from.scale) / change : eased;
  return { x: from.x + (to.x - from.x) * way, y: from.y + (to.y - from.y) * way, scale };
}
