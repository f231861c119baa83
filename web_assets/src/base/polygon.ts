/** Areas of the map of meaning: polygons of map coordinates, given as x, y, x, y, … */

import { MAP_EDGE, MOST_CORNERS } from "./map";

/** The smallest box around a polygon: left, top, right, bottom. */
export function boxOf(points: ArrayLike<number>): [number, number, number, number] {
  const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i + 1 < points.length; i += 2) {
    const [x, y] = [points[i]!, points[i + 1]!];
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  return box;
}

/** Whether a place is inside a polygon, by the even-odd rule. A place on the left or upper edge is inside, so no place is in two areas that touch. */
export function inside(points: ArrayLike<number>, x: number, y: number): boolean {
  let within = false;
  const { length } = points;
  for (let i = 0, j = length - 2; i + 1 < length; j = i, i += 2) {
    const [xi, yi, xj, yj] = [points[i]!, points[i + 1]!, points[j]!, points[j + 1]!];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within;
  }
  return within;
}

/** A line with fewer corners that stays within `tolerance` of it (Ramer, Douglas and Peucker). */
function thinned(points: readonly number[], tolerance: number): number[] {
  const last = points.length / 2 - 1;
  const kept = new Set([0, last]);
  const open: [number, number][] = [[0, last]];
  for (let span = open.pop(); span; span = open.pop()) {
    const [from, to] = span;
    let [far, at] = [tolerance, -1];
    for (let i = from + 1; i < to; i++) {
      const distance = distanceOf(points, i, from, to);
      if (distance > far) [far, at] = [distance, i];
    }
    if (at < 0) continue;
    kept.add(at);
    open.push([from, at], [at, to]);
  }
  return [...kept].sort((a, b) => a - b).flatMap((i) => [points[2 * i]!, points[2 * i + 1]!]);
}

/** How far corner `i` is from the line between two others. */
function distanceOf(points: readonly number[], i: number, from: number, to: number): number {
  const [ax, ay] = [points[2 * from]!, points[2 * from + 1]!];
  const [dx, dy] = [points[2 * to]! - ax, points[2 * to + 1]! - ay];
  const [px, py] = [points[2 * i]! - ax, points[2 * i + 1]! - ay];
  const squared = dx * dx + dy * dy;
  const part = squared ? Math.min(1, Math.max(0, (px * dx + py * dy) / squared)) : 0;
  return Math.hypot(px - part * dx, py - part * dy);
}

/** What a person has drawn, as an area: whole coordinates of the map and at most 64 corners. Null if it has no extent. */
export function areaOf(drawn: readonly number[]): number[] | null {
  const clamped = drawn.map((value) => Math.min(MAP_EDGE, Math.max(0, Math.round(value))));
  const [left, top, right, bottom] = boxOf(clamped);
  if (!(right > left && bottom > top)) return null;
  let tolerance = Math.hypot(right - left, bottom - top) / 400;
  let area = thinned(clamped, tolerance);
  while (area.length > 2 * MOST_CORNERS) {
    tolerance *= 1.5;
    area = thinned(clamped, tolerance);
  }
  return area.length >= 6 ? area : null;
}
