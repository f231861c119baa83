/**
 * The positions of tiles. The grid is a stack of sections, one per page of the list; a section whose page has been loaded is
 * laid out exactly, the others are estimated. All lengths are CSS pixels. Pure.
 */
import justifiedLayout from "justified-layout";

import { pageLength, type List, type Page } from "../../state/list";
import { shownOrder } from "../groups";
import type { Anchor } from "../view";

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
}

export interface Section {
  /** Index of the first tile in the list. */
  first: number;
  top: number;
  height: number;
  /** Boxes within the section by place, none for tiles hidden in a group; null while the page is not loaded. */
  boxes: (Box | undefined)[] | null;
  /** The places that are shown, in the order of the screen. */
  order: number[];
  count: number;
  /** The position in the section of the line between likely and weaker matches; null if it is not in this section. */
  divider: number | null;
}

export interface Geometry {
  sections: Section[];
  height: number;
  measure: Measure;
  /** Results per section. */
  page: number;
}

const NARROWEST = 0.5;
const WIDEST = 3;
const TYPICAL = 1.3;

/** Width over height as drawn: very wide and very tall pictures are cropped a little, unknown sizes are squares. */
export function shownRatio(width: number, height: number): number {
  if (width <= 0 || height <= 0) return 1;
  return Math.min(WIDEST, Math.max(NARROWEST, width / height));
}

/** Row height and gap for a width: small tiles on a phone, larger ones on a desktop. */
export function measureFor(width: number): Measure {
  if (width < 480) return { width, rowHeight: 128, gap: 3 };
  if (width < 900) return { width, rowHeight: 176, gap: 5 };
  if (width < 1800) return { width, rowHeight: 216, gap: 8 };
  return { width, rowHeight: 260, gap: 8 };
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
    containerWidth: measure.width, containerPadding: 0, boxSpacing: measure.gap,
    targetRowHeight: measure.rowHeight, targetRowHeightTolerance: 0.25,
  });
  const boxes = laid.map(({ left, top, width, height }) => ({ left, top, width, height }));
  if (closed && widowCount > 0) closeLastRow(boxes, widowCount, measure);
  const last = boxes[boxes.length - 1]!;
  // A last row left open takes the height of the one before, at which wide pictures may not fit.
  if (last.left + last.width > measure.width) {
    stretchRow(boxes.filter(({ top }) => Math.abs(top - last.top) < 0.5), last.top, measure);
  }
  return { boxes, height: last.top + last.height };
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

function estimateHeight(count: number, { width, rowHeight, gap }: Measure): number {
  const perRow = Math.max(1, (width + gap) / (rowHeight * TYPICAL + gap));
  return Math.max(1, Math.ceil(count / perRow)) * (rowHeight + gap) - gap;
}

/** The height of the line between likely and weaker matches. */
export const DIVIDER = 64;

interface Laid {
  measure: Measure;
  closed: boolean;
  split: number;
  open: ReadonlySet<number>;
  boxes: (Box | undefined)[];
  order: number[];
  height: number;
  divider: number | null;
}

/**
 * A section in two parts: before `split`, and from `split` on; in one part if `split` is outside.
 * @param leading whether it is the first section: the line is never above the end of its first row, so that a few likely matches
 * have the nearest others beside them, instead of an empty place
 */
function layoutParts(
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

const laidPages = new WeakMap<Page, Laid>();

function laidOut(
  page: Extract<Page, { status: "ready" }>, measure: Measure, closed: boolean, split: number, leading: boolean, open: ReadonlySet<number>,
): Laid {
  const known = laidPages.get(page);
  if (known && known.closed === closed && known.split === split && known.open === open && known.measure.width === measure.width) return known;
  const { places: order, firsts } = shownOrder(page.results, open);
  const ratios = order.map((place) => shownRatio(page.infos[place]?.width ?? 0, page.infos[place]?.height ?? 0));
  // All members of a group stay on the side of its first one.
  const before = split < 0 || split >= page.results.length ? split : firsts.filter((first) => first < split).length;
  const { boxes: shown, height, divider } = layoutParts(ratios, measure, closed, before, leading);
  const boxes = new Array<Box | undefined>(page.results.length).fill(undefined);
  order.forEach((place, i) => { boxes[place] = shown[i]; });
  const laid = { measure, closed, split, open, boxes, order, height, divider };
  laidPages.set(page, laid);
  return laid;
}

const NONE: ReadonlySet<number> = new Set();

/**
 * The geometry of a list at a width. Pages already laid out at this width are not laid out again.
 * `open` has the rows whose look-alikes are shown.
 */
export function geometryOf(list: List, measure: Measure, open: ReadonlySet<number> = NONE): Geometry {
  const sections: Section[] = [];
  let top = 0;
  for (let index = 0; index < list.pages.length; index++) {
    const page = list.pages[index];
    const count = pageLength(list, index);
    const closed = index < list.pages.length - 1;
    // Without a likely match there is nothing to separate: the line above the grid says that these are the nearest.
    const split = list.divide ? list.divide - index * list.page : -1;
    const laid = page?.status === "ready" ? laidOut(page, measure, closed, split, index === 0, open) : null;
    const height = laid?.height ?? estimateHeight(count, measure);
    sections.push({ first: index * list.page, top, height, boxes: laid?.boxes ?? null, order: laid?.order ?? [], count, divider: laid?.divider ?? null });
    top += height + measure.gap;
  }
  return { sections, height: Math.max(0, top - measure.gap), measure, page: list.page };
}

/** The section at a height (above or below the grid, the nearest one). −1 for an empty grid. */
export function sectionAt(geometry: Geometry, y: number): number {
  const { sections } = geometry;
  let low = 0;
  let high = sections.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (sections[middle]!.top <= y) low = middle;
    else high = middle - 1;
  }
  return high < 0 ? -1 : low;
}

/** The box of a tile in the coordinates of the grid; null if its page has not been loaded. */
export function boxOf(geometry: Geometry, index: number): Box | null {
  const section = geometry.sections[Math.floor(index / geometry.page)];
  const box = section?.boxes?.[index - section.first];
  return section && box ? { ...box, top: box.top + section.top } : null;
}

/** Indices of the tiles that touch `from … to`, and the pages there that are missing. */
export function visible(geometry: Geometry, from: number, to: number): { tiles: number[]; missing: number[] } {
  const tiles: number[] = [];
  const missing: number[] = [];
  for (let s = sectionAt(geometry, from); s >= 0 && s < geometry.sections.length; s++) {
    const section = geometry.sections[s]!;
    if (section.top > to) break;
    if (section.top + section.height < from) continue;
    if (!section.boxes) {
      missing.push(s);
      continue;
    }
    for (const i of section.order) {
      const box = section.boxes[i]!;
      const top = section.top + box.top;
      if (top <= to && top + box.height >= from) tiles.push(section.first + i);
    }
  }
  return { tiles, missing };
}

export type Direction = "left" | "right" | "up" | "down" | "first" | "last" | "screen up" | "screen down";

function nearestInRow(geometry: Geometry, from: Box, down: boolean): number | null {
  const reach = geometry.measure.rowHeight * 3;
  const edge = down ? from.top + from.height : from.top;
  const { tiles } = visible(geometry, down ? edge : edge - reach, down ? edge + reach : edge);
  const beyond = tiles
    .map((index) => ({ index, box: boxOf(geometry, index)! }))
    .filter(({ box }) => (down ? box.top > edge - 1 : box.top + box.height < edge + 1));
  if (!beyond.length) return null;
  const row = down
    ? Math.min(...beyond.map(({ box }) => box.top))
    : Math.max(...beyond.map(({ box }) => box.top));
  const centre = from.left + from.width / 2;
  let best: number | null = null;
  let least = Infinity;
  for (const { index, box } of beyond) {
    const away = Math.abs(box.left + box.width / 2 - centre);
    if (Math.abs(box.top - row) < 1 && away < least) [best, least] = [index, away];
  }
  return best;
}

/** The last place that a section shows. */
function lastOf(number: number, { sections }: Geometry): number {
  const section = sections[number]!;
  return section.first + (section.order.at(-1) ?? section.count - 1);
}

/** The place before or after another on screen. */
function beside(geometry: Geometry, last: number, index: number, by: 1 | -1): number {
  const number = Math.floor(index / geometry.page);
  const section = geometry.sections[number];
  const at = section?.order.indexOf(index - section.first) ?? -1;
  if (!section || at < 0) return Math.min(last, Math.max(0, index + by));
  const next = section.order[at + by];
  if (next !== undefined && at + by >= 0) return section.first + next;
  if (by < 0) return number > 0 ? lastOf(number - 1, geometry) : index;
  return geometry.sections[number + 1]?.first ?? index;
}

/**
 * The tile a key leads to; the same tile at an edge.
 * @param screen the height of the free screen
 */
export function neighbour(geometry: Geometry, length: number, index: number, direction: Direction, screen = 0): number {
  const last = Math.max(0, length - 1);
  switch (direction) {
    case "left": return beside(geometry, last, index, -1);
    case "right": return beside(geometry, last, index, 1);
    case "first": return 0;
    case "last": return geometry.sections.at(-1)?.boxes ? lastOf(geometry.sections.length - 1, geometry) : last;
    case "up":
    case "down": {
      const from = boxOf(geometry, index);
      if (!from) return index;
      return nearestInRow(geometry, from, direction === "down") ?? index;
    }
    case "screen up":
    case "screen down": {
      const box = boxOf(geometry, index);
      const top = box?.top ?? heightOf(geometry, { index, shift: 0 });
      const rows = Math.max(geometry.measure.rowHeight, screen - geometry.measure.rowHeight);
      const y = Math.min(geometry.height - 1, Math.max(0, top + (direction === "screen down" ? rows : -rows)));
      return (box && nearestInRow(geometry, { ...box, top: y, height: 0 }, true)) ?? Math.min(last, anchorAt(geometry, y).index);
    }
  }
}

/** The place at a height of the grid, to come back to. Estimated where the page is not loaded. */
export function anchorAt(geometry: Geometry, y: number): Anchor {
  const section = geometry.sections[sectionAt(geometry, y)];
  if (!section) return { index: 0, shift: 0 };
  if (!section.boxes) {
    const place = Math.min(section.count - 1, Math.max(0, Math.floor(((y - section.top) / section.height) * section.count)));
    return { index: section.first + place, shift: y - estimatedTop(section, place) };
  }
  const { boxes, order, first, top } = section;
  const i = order.find((place) => top + boxes[place]!.top + boxes[place]!.height > y) ?? order.at(-1) ?? 0;
  return { index: first + i, shift: y - top - (boxes[i]?.top ?? 0) };
}

function estimatedTop({ top, height, count }: Section, place: number): number {
  return top + (count ? (height * place) / count : 0);
}

/** The height that brings an anchor back to where it was. */
export function heightOf(geometry: Geometry, anchor: Anchor): number {
  const box = boxOf(geometry, anchor.index);
  if (box) return box.top + anchor.shift;
  const section = geometry.sections[Math.min(Math.floor(anchor.index / geometry.page), geometry.sections.length - 1)];
  if (!section) return anchor.shift;
  return (section.boxes ? section.top : estimatedTop(section, Math.min(anchor.index - section.first, section.count))) + anchor.shift;
}
