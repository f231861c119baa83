/**
 * Periods in a section: each has its tiles below a heading. Periods of few tiles stand beside each other, so that sparse years are not a
 * column of single pictures. All lengths are CSS pixels. Pure.
 */
import { estimateHeight, layoutSection, TYPICAL, type Box, type Measure } from "./rows";

/** The height of a heading, with the space above it. */
export const HEADING = 60;
/** Between periods beside each other, and the least width of one, which its heading needs. */
const [BETWEEN, NARROWEST] = [24, 112];
/** Periods beside each other grow and shrink by up to these factors to fill their row. */
const [MOST, LEAST] = [1.25, 0.8];
/** Fewer tiles than this, which the next section goes on with, do not fill a row: they would be huge. */
const ENOUGH = 12;

/** Where a heading stands. */
export interface Place {
  left: number;
  top: number;
  width: number;
}

/** The tiles `from … to − 1`; `width` of a period that is one row, or less, at the least height, else null. */
interface Part {
  from: number;
  to: number;
  headed: boolean;
  width: number | null;
}

/** The parts of a section. @param breaks the places below headings, rising */
function partsOf(ratios: readonly number[], { width, rowHeight, gap }: Measure, breaks: readonly number[], closed: boolean): Part[] {
  const edges = breaks[0] === 0 ? breaks : [0, ...breaks];
  return edges.map((from, i) => {
    const to = edges[i + 1] ?? ratios.length;
    const headed = i > 0 || edges === breaks;
    const tiles = ratios.slice(from, to).reduce((sum, ratio) => sum + ratio * rowHeight * LEAST, gap * (to - from - 1));
    // What goes on in the next section, or began in the one before, has rows of its own.
    const whole = headed && !(closed && to === ratios.length);
    return { from, to, headed, width: whole && tiles <= width ? Math.max(NARROWEST, tiles) : null };
  });
}

/** The parts by line: several narrow ones, or a single one. */
function linesOf(parts: readonly Part[], { width }: Measure): Part[][] {
  const lines: Part[][] = [];
  let free = 0;
  for (const part of parts) {
    const needed = part.width === null ? Infinity : part.width + BETWEEN;
    if (needed <= free) lines.at(-1)!.push(part);
    else {
      lines.push([part]);
      free = part.width === null ? 0 : width + BETWEEN;
    }
    free -= needed;
  }
  return lines;
}

/** The boxes of narrow parts beside each other, and where their headings stand. */
function layoutLine(line: readonly Part[], ratios: readonly number[], measure: Measure, top: number): { boxes: Box[]; places: Place[]; height: number } {
  const { width, rowHeight, gap } = measure;
  const fixed = BETWEEN * (line.length - 1) + line.reduce((sum, { from, to }) => sum + gap * (to - from - 1), 0);
  const ratioOf = ({ from, to }: Part): number => ratios.slice(from, to).reduce((sum, ratio) => sum + ratio, 0);
  const full = (width - fixed) / line.reduce((sum, part) => sum + ratioOf(part), 0);
  const wanted = full > MOST * rowHeight ? rowHeight : full;
  // A heading may need more room than its tiles.
  const needed = line.reduce((sum, part) => sum + Math.max(NARROWEST, ratioOf(part) * wanted + gap * (part.to - part.from - 1)), BETWEEN * (line.length - 1));
  const height = needed < width + 0.5 ? wanted : LEAST * rowHeight;
  const boxes: Box[] = [];
  const places: Place[] = [];
  let left = 0;
  for (const { from, to } of line) {
    const start = left;
    for (const ratio of ratios.slice(from, to)) {
      boxes.push({ left, top: top + HEADING, width: ratio * height, height });
      left += ratio * height + gap;
    }
    const end = Math.max(left - gap, start + NARROWEST);
    places.push({ left: start, top, width: end - start });
    left = end + BETWEEN;
  }
  // A heading at the end of its line has the rest of it.
  places.at(-1)!.width = width - places.at(-1)!.left;
  return { boxes, places, height: HEADING + height + measure.caption };
}

/** A section with headings. */
export function layoutPeriods(ratios: number[], measure: Measure, closed: boolean, breaks: readonly number[]): { boxes: Box[]; height: number; places: Place[] } {
  const boxes: Box[] = [];
  const places: Place[] = [];
  let height = 0;
  for (const line of linesOf(partsOf(ratios, measure, breaks, closed), measure)) {
    const [{ from, to, headed, width }] = line as [Part];
    if (width !== null) {
      const laid = layoutLine(line, ratios, measure, height);
      boxes.push(...laid.boxes);
      places.push(...laid.places);
      height += laid.height;
      continue;
    }
    if (headed) {
      places.push({ left: 0, top: height, width: measure.width });
      height += HEADING;
    }
    const part = layoutSection(ratios.slice(from, to), measure, closed && to === ratios.length && to - from >= ENOUGH);
    for (const box of part.boxes) boxes.push({ ...box, top: box.top + height });
    height += part.height;
  }
  return { boxes, height, places };
}

/** About how tall a section is that is not loaded. */
export function estimatePeriods(count: number, measure: Measure, closed: boolean, breaks: readonly number[]): number {
  if (!breaks.length) return estimateHeight(count, measure);
  const parts = partsOf(new Array<number>(count).fill(TYPICAL), measure, breaks, closed);
  return linesOf(parts, measure).reduce((sum, line) => {
    const { from, to, headed, width } = line[0]!;
    return sum + (headed ? HEADING : 0) + (width !== null ? measure.rowHeight + measure.caption : estimateHeight(to - from, measure));
  }, 0);
}
