/**
 * How a page scrolls through a list that is taller than browsers draw: through a shorter one, exactly near both ends and by small
 * steps, faster by jumps. A height in the list and the height at which it is drawn are both CSS pixels. Pure.
 */

/** No list is drawn taller than this, in CSS pixels. Firefox draws up to 17.8 million. */
const TALLEST = 8_000_000;
/** … and in pixels of the device, of which other browsers draw 33.5 million on every screen and at every zoom. */
const TALLEST_DEVICE = 24_000_000;
/** So far from each end, one pixel of scrolling is one pixel of the list. */
const EXACT = 500_000;

export interface Scale {
  /** The height of the list. */
  total: number;
  /** How tall it may be drawn. */
  tallest: number;
}

/** @param ratio device pixels in a CSS pixel, which include the zoom of the page */
export function tallestAt(ratio: number): number {
  return Math.floor(Math.min(TALLEST, TALLEST_DEVICE / ratio));
}

/** How tall the list is drawn. */
export function drawnHeight({ total, tallest }: Scale): number {
  return Math.min(total, tallest);
}

function exactPart(tallest: number): number {
  return Math.min(EXACT, Math.floor(tallest / 4));
}

/** The height in the list that the page shows at `drawn`, if one jumps there. */
export function toList(drawn: number, { total, tallest }: Scale): number {
  const exact = exactPart(tallest);
  if (total <= tallest || drawn <= exact) return drawn;
  if (drawn >= tallest - exact) return total - (tallest - drawn);
  return exact + ((drawn - exact) * (total - 2 * exact)) / (tallest - 2 * exact);
}

/** The reverse of `toList`. */
export function toDrawn(y: number, { total, tallest }: Scale): number {
  const exact = exactPart(tallest);
  if (total <= tallest || y <= exact) return y;
  if (y >= total - exact) return tallest - (total - y);
  return exact + ((y - exact) * (tallest - 2 * exact)) / (total - 2 * exact);
}

/**
 * The height in the list after the page was scrolled. Small steps move the list by as much as the page; a jump, as by the scroll bar,
 * and the ends of the list lead to their own place.
 * @param last where the page was, and which height of the list it showed
 */
export function scrolledTo(drawn: number, last: { drawn: number; y: number }, scale: Scale, screen: number): number {
  const { total, tallest } = scale;
  if (total <= tallest) return drawn;
  const step = drawn - last.drawn;
  const atEnd = drawn <= screen || drawn >= tallest - 2 * screen;
  return atEnd || Math.abs(step) > 2 * screen ? toList(drawn, scale) : last.y + step;
}

/** Whether a place of the page is so far from both ends that one pixel of it stands for many of the list. */
export function isBetween(drawn: number, { total, tallest }: Scale): boolean {
  const exact = exactPart(tallest);
  return total > tallest && drawn > exact && drawn < tallest - exact;
}
