/** What is put behind a transparent picture, and how large a thumbnail is: the same rules as the builder's. Pure. */
import type { Pixels } from "../encoder/index";

export type Ground = "#ffffff" | "#808080" | "#202020";

const [LIGHT, SHADE] = [200, 64];
const [LIGHT_SHARE, DARK_SHARE, LEAST_TRANSPARENT] = [0.95, 0.01, 0.01];
/** A longer picture keeps a shorter side of a third of the size. */
const PANORAMA = 3;

/**
 * White, unless at least 95 % of what is visible is lighter than 200 of 255 (luma) and at least 1 % of the picture is
 * transparent: then dark grey, or middle grey if at least 1 % of what is visible is darker than 64.
 */
export function chooseGround({ width, height, data }: Pixels): Ground {
  let [visible, light, dark] = [0, 0, 0];
  for (let at = 0; at < data.length; at += 4) {
    const weight = data[at + 3]!;
    const luma = 0.2126 * data[at]! + 0.7152 * data[at + 1]! + 0.0722 * data[at + 2]!;
    visible += weight;
    if (luma >= LIGHT) light += weight;
    else if (luma < SHADE) dark += weight;
  }
  if (visible < 1 || visible > 255 * width * height * (1 - LEAST_TRANSPARENT)) return "#ffffff";
  if (light < LIGHT_SHARE * visible) return "#ffffff";
  return dark >= DARK_SHARE * visible ? "#808080" : "#202020";
}

/**
 * A picture scaled for `size`, never larger than it is. Its longer side has `size` pixels; if it is more than three times as
 * long as the shorter one, the shorter side has a third of `size`, or as much as makes it as many pixels as a square has.
 */
export function fittedFor(width: number, height: number, size: number): { width: number; height: number } {
  const [longer, shorter] = [Math.max(width, height), Math.min(width, height)];
  const least = Math.min(size / PANORAMA, size * Math.sqrt(shorter / longer)) / shorter;
  const factor = Math.min(1, Math.max(size / longer, least));
  return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) };
}
