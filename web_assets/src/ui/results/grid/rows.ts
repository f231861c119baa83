/**
 * Rows of tiles: the part of the grid that is laid out at once, with the line between likely and weaker matches in it.
 * All lengths are CSS pixels. Pure.
 */
import justifiedLayout from "justified-layout";

import { PLAIN, type Look } from "../../look";

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Measure {
  width: number;
  /** The target height of rows, and the space between tiles. */
  rowHeight: number;
  gap: number;
  /** The height of the captions below pictures; 0 if there are none. */
  caption: number;
}

const NARROWEST = 0.5;
const WIDEST = 3;
export const TYPICAL = 1.3;
/** The rows of a compact grid, as a part of the usual height. */
const COMPACT = 0.64;
/** The height of a caption. */
const CAPTION = 26;

/** Width over height as drawn: very wide and very tall pictures are cropped a little, unknown sizes are squares. */
export function shownRatio(width: number, height: number): number {
  if (width <= 0 || height <= 0) return 1;
  return Math.min(WIDEST, Math.max(NARROWEST, width / height));
}

/** Row height and gap for a width: small tiles on a phone, larger ones on a desktop. */
export function measureFor(width: number, { compact, captions }: Look = PLAIN): Measure {
  const [rowHeight, gap] = width < 480 ? [128, 3] : width < 900 ? [176, 5] : width < 1800 ? [216, 8] : [260, 8];
  const caption = captions ? CAPTION : 0;
  return compact ? { width, rowHeight: Math.round(rowHeight * COMPACT), gap: Math.ceil(gap / 2), caption } : { width, rowHeight, gap, caption };
}

/** Stretches the boxes of one row to the full width. */
function stretchRow(boxes: Box[], top: number, { width, gap }: Measure): void {
  const ratios = boxes.map((box) => box.width / box.height);
  const sum = ratios.reduce((total, ratio) => total + ratio, 0);
  const height = (width - gap * (boxes.length - 1)) / sum;
  let left = 0;
  for (const [i, box] of boxes.entries()) {
    box.left = left;
    box.top = top;
    box.height = height;
    box.width = height * ratios[i]!;
    left += box.width + gap;
  }
}

/** Boxes of one section. `closed`: more tiles follow in the next section, so the last row must be full as well. */
export function layoutSection(ratios: number[], measure: Measure, closed: boolean): { boxes: Box[]; height: number } {
  if (!ratios.length) return { boxes: [], height: 0 };
  const { boxes: laid, widowCount } = justifiedLayout(ratios, {
    containerWidth: measure.width, containerPadding: 0, boxSpacing: { horizontal: measure.gap, vertical: measure.gap + measure.caption },
    targetRowHeight: measure.rowHeight, targetRowHeightTolerance: 0.25,
  });
  const boxes = laid.map(({ left, top, width, height }) => ({ left, top, width, height }));
  if (closed && widowCount > 0) closeLastRow(boxes, widowCount, measure);
  const last = boxes[boxes.length - 1]!;
  // A last row left open takes the height of the one before, at which wide pictures may not fit.
  if (last.left + last.width > measure.width) {
    stretchRow(boxes.filter(({ top }) => Math.abs(top - last.top) < 0.5), last.top, measure);
  }
  return { boxes, height: last.top + last.height + measure.caption };
}

/** Lets the remaining tiles fill a row, or join the row before if they would become too tall. */
function closeLastRow(boxes: Box[], widows: number, measure: Measure): void {
  let row = boxes.slice(-widows);
  const sum = row.reduce((total, box) => total + box.width / box.height, 0);
  const tall = (measure.width - measure.gap * (row.length - 1)) / sum > 1.6 * measure.rowHeight;
  if (tall && boxes.length > widows) {
    const before = boxes[boxes.length - widows - 1]!.top;
    row = boxes.filter((box) => box.top >= before - 0.5);
  }
  stretchRow(row, row[0]!.top, measure);
}

/** The height of rows that are not loaded. */
export function estimateHeight(count: number, { width, rowHeight, gap, caption }: Measure): number {
  const perRow = Math.max(1, (width + gap) / (rowHeight * TYPICAL + gap));
  return Math.max(1, Math.ceil(count / perRow)) * (rowHeight + caption + gap) - gap;
}

/** The height of the line between likely and weaker matches. */
export const DIVIDER = 64;

/**
 * A section in two parts: before `split`, and from `split` on; in one part if `split` is outside.
 * @param leading whether it is the first section: the line is never above the end of its first row, so that a few likely matches
 * have the nearest others beside them, instead of an empty place
 */
export function layoutParts(
  ratios: number[], measure: Measure, closed: boolean, likely: number, leading: boolean,
): { boxes: Box[]; height: number; divider: number | null } {
  const whole = layoutSection(ratios, measure, closed);
  const row = leading ? whole.boxes.filter(({ top }) => top < 0.5).length : 0;
  const split = Math.max(likely, row);
  if (likely < 0 || split >= ratios.length) return { ...whole, divider: null };
  const above = layoutSection(ratios.slice(0, split), measure, split === row);
  const below = layoutSection(ratios.slice(split), measure, closed);
  const shift = above.height + DIVIDER;
  const boxes = [...above.boxes, ...below.boxes.map((box) => ({ ...box, top: box.top + shift }))];
  return { boxes, height: shift + below.height, divider: above.height };
}
