/** The camera of the map in three dimensions: around a place, at a distance. The cloud has edges of length 1. Pure. */

export interface Orbit {
  /** Radians around the upright axis, and above the horizon. */
  yaw: number;
  pitch: number;
  distance: number;
  /** What the camera looks at. */
  target: readonly [number, number, number];
}

const HALF = Math.PI / 2 - 0.02;
const [NEAREST, FARTHEST] = [0.02, 4];
/** The angle that the camera sees from top to bottom. */
export const FIELD_OF_VIEW = 45;

export const START: Orbit = { yaw: 0.6, pitch: 0.35, distance: 1.7, target: [0.5, 0.5, 0.5] };

export function turned(orbit: Orbit, yaw: number, pitch: number): Orbit {
  return { ...orbit, yaw: orbit.yaw + yaw, pitch: Math.min(HALF, Math.max(-HALF, orbit.pitch + pitch)) };
}

export function nearer(orbit: Orbit, factor: number): Orbit {
  return { ...orbit, distance: Math.min(FARTHEST, Math.max(NEAREST, orbit.distance / factor)) };
}

type Vector = [number, number, number];

/** The directions to the right of the camera, upwards, and from the target to the camera. */
function axes({ yaw, pitch }: Orbit): [Vector, Vector, Vector] {
  const [sy, cy, sp, cp] = [Math.sin(yaw), Math.cos(yaw), Math.sin(pitch), Math.cos(pitch)];
  return [[cy, 0, -sy], [-sy * sp, cp, -cy * sp], [sy * cp, sp, cy * cp]];
}

export function eyeOf(orbit: Orbit): Vector {
  const back = axes(orbit)[2];
  return back.map((part, i) => orbit.target[i]! + part * orbit.distance) as Vector;
}

/** Moved so that what the camera looks at follows a drag of CSS pixels. */
export function shifted(orbit: Orbit, right: number, down: number, height: number): Orbit {
  const [side, up] = axes(orbit);
  const unit = (2 * orbit.distance * Math.tan((FIELD_OF_VIEW * Math.PI) / 360)) / Math.max(1, height);
  const target = orbit.target.map((part, i) => Math.min(1.5, Math.max(-0.5, part + (up[i]! * down - side[i]! * right) * unit))) as Vector;
  return { ...orbit, target };
}
