/**
 * The positions of tiles. The grid is a stack of sections, one per page of the list; a section whose page has been loaded is
 * laid out exactly, the others are estimated. All lengths are CSS pixels. Pure.
 */
import { pageLength, type List, type Page } from "../../state/list";
import { shownOrder } from "../groups";
import type { Anchor } from "../view";
import { estimatePeriods, HEADING, layoutPeriods, type Place } from "./periods";
import { layoutParts, shownRatio, type Box, type Measure } from "./rows";

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
  /** The headings of periods that begin in it, and their positions in the section. */
  headings: Heading[];
}

/** A heading above the results of a period, by the number of the period. */
export interface Heading extends Place {
  period: number;
}

export interface Geometry {
  sections: Section[];
  height: number;
  measure: Measure;
  /** Results per section. */
  page: number;
}

interface Laid {
  measure: Measure;
  closed: boolean;
  split: number;
  open: ReadonlySet<number>;
  starts: readonly number[];
  boxes: (Box | undefined)[];
  order: number[];
  height: number;
  divider: number | null;
  headings: Heading[];
}

function sameMeasure(one: Measure, other: Measure): boolean {
  return one.width === other.width && one.rowHeight === other.rowHeight && one.caption === other.caption;
}

const laidPages = new WeakMap<Page, Laid>();

function laidOut(
  page: Extract<Page, { status: "ready" }>, measure: Measure, closed: boolean, split: number, first: number, open: ReadonlySet<number>, starts: readonly number[],
): Laid {
  const known = laidPages.get(page);
  if (known && known.closed === closed && known.split === split && known.open === open && known.starts === starts && sameMeasure(known.measure, measure)) return known;
  const { places: order, firsts } = shownOrder(page.results, open);
  const ratios = order.map((place) => shownRatio(page.infos[place]?.width ?? 0, page.infos[place]?.height ?? 0));
  // All members of a group stay on the side of its first one.
  const shownBefore = (limit: number): number => firsts.filter((place) => place < limit).length;
  const before = split < 0 || split >= page.results.length ? split : shownBefore(split);
  // A period of which all results are hidden in groups has no heading.
  const periods = new Map(periodsIn(starts, first, first + page.results.length).map((period) => [shownBefore(starts[period]! - first), period]));
  periods.delete(ratios.length);
  const { boxes: shown, height, divider, places } = periods.size
    ? { ...layoutPeriods(ratios, measure, closed, [...periods.keys()]), divider: null }
    : { ...layoutParts(ratios, measure, closed, before, first === 0), places: [] };
  const boxes = new Array<Box | undefined>(page.results.length).fill(undefined);
  order.forEach((place, i) => { boxes[place] = shown[i]; });
  const headings = [...periods.values()].map((period, i) => ({ period, ...places[i]! }));
  const laid = { measure, closed, split, open, starts, boxes, order, height, divider, headings };
  laidPages.set(page, laid);
  return laid;
}

/** The numbers of the periods that begin at the places `from … to − 1`. */
function periodsIn(starts: readonly number[], from: number, to: number): number[] {
  const found: number[] = [];
  for (let period = firstFrom(starts, from); period < starts.length && starts[period]! < to; period++) found.push(period);
  return found;
}

/** The first of some rising numbers that is not below a limit. */
function firstFrom(rising: readonly number[], limit: number): number {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

const NONE: ReadonlySet<number> = new Set();
const NO_STARTS: readonly number[] = [];

/**
 * The geometry of a list at a width. Pages already laid out at this width are not laid out again.
 * `open` has the rows whose look-alikes are shown, `starts` the places at which periods begin, `lead` is the height of what stands above them.
 */
export function geometryOf(list: List, measure: Measure, open: ReadonlySet<number> = NONE, starts: readonly number[] = NO_STARTS, lead = 0): Geometry {
  const sections: Section[] = [];
  let top = lead;
  for (let index = 0; index < list.pages.length; index++) {
    const page = list.pages[index];
    const count = pageLength(list, index);
    const [first, end] = [index * list.page, index * list.page + count];
    const begins = periodsIn(starts, first, end + 1);
    // What follows in another period does not fill the last row.
    const closed = index < list.pages.length - 1 && starts[begins.at(-1) ?? -1] !== end;
    // Without a likely match there is nothing to separate: the line above the grid says that these are the nearest.
    const split = list.divide ? list.divide - index * list.page : -1;
    const laid = page?.status === "ready" ? laidOut(page, measure, closed, split, first, open, starts) : null;
    const height = laid?.height ?? estimatePeriods(count, measure, closed, begins.flatMap((period) => (starts[period]! < end ? [starts[period]! - first] : [])));
    sections.push({ first, top, height, boxes: laid?.boxes ?? null, order: laid?.order ?? [], count, divider: laid?.divider ?? null, headings: laid?.headings ?? [] });
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

/** Indices of the tiles that touch `from … to`, the headings there in the coordinates of the grid, and the pages there that are missing. */
export function visible(geometry: Geometry, from: number, to: number): { tiles: number[]; headings: Heading[]; missing: number[] } {
  const tiles: number[] = [];
  const headings: Heading[] = [];
  const missing: number[] = [];
  for (let s = sectionAt(geometry, from); s >= 0 && s < geometry.sections.length; s++) {
    const section = geometry.sections[s]!;
    if (section.top > to) break;
    if (section.top + section.height < from) continue;
    if (!section.boxes) {
      missing.push(s);
      continue;
    }
    for (const heading of section.headings) {
      const top = section.top + heading.top;
      if (top <= to && top + HEADING >= from) headings.push({ ...heading, top });
    }
    for (const i of section.order) {
      const box = section.boxes[i]!;
      const top = section.top + box.top;
      if (top <= to && top + box.height + geometry.measure.caption >= from) tiles.push(section.first + i);
    }
  }
  return { tiles, headings, missing };
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
