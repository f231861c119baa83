/** Which part of a list the film strip can be scrolled through, and which pictures of it are drawn. Pure; lengths in CSS pixels. */

/** The width of a picture with the space beside it. */
export const CELL = 56;
/** Pictures on either side of the one that is open: more than anybody scrolls through, and few enough for any browser's limits. */
const BESIDE = 500;
/** A picture this close to an end of the strip gets a new one around it. */
const MARGIN = 100;
/** Pictures that are drawn before they can be seen. */
const SPARE = 4;

/** Places of the list, without `end`. */
export interface Span {
  first: number;
  end: number;
}

/** What the strip reaches. It stays as it is while the open picture is well within, so that the strip does not move under a finger. */
export function reachOf(old: Span | null, position: number, length: number): Span {
  const fits = old !== null && old.end <= length && (old.first === 0 || position >= old.first + MARGIN)
    && (old.end === length || position < old.end - MARGIN);
  return fits ? old : { first: Math.max(0, position - BESIDE), end: Math.min(length, position + BESIDE + 1) };
}

/** The width of everything that the strip reaches. */
export function lengthOf(reach: Span): number {
  return (reach.end - reach.first) * CELL;
}

/** How far the strip is scrolled to have a picture in its middle, or as near to it as the ends of the strip allow. */
export function middleOf(position: number, reach: Span, width: number): number {
  const wanted = (position - reach.first + 0.5) * CELL - width / 2;
  return Math.max(0, Math.min(wanted, lengthOf(reach) - width));
}

/** What is drawn of a strip of this width that is scrolled this far. */
export function drawnOf(reach: Span, scrolled: number, width: number): Span {
  const first = reach.first + Math.floor(scrolled / CELL) - SPARE;
  return { first: Math.max(reach.first, first), end: Math.min(reach.end, first + Math.ceil(width / CELL) + 2 * SPARE + 1) };
}
