/** The interface between the page and the part that shows the results: a grid, a list or a table. */
import type { List } from "../state/list";

/** A place in a list: the result at the upper edge of the screen, and how far below its top that edge is (CSS pixels). */
export interface Anchor {
  index: number;
  shift: number;
}

/** A place in the list with a key. */
export interface Place {
  key: string;
  anchor: Anchor;
}

/** What a view tells its scrubber. */
export interface Scrub {
  list: List;
  /** The height of the list, in CSS pixels. */
  total: number;
  /** The height at the upper edge of the free screen. */
  at: () => number;
  show: (y: number) => void;
  /** How much of the free screen a heading of the list covers. */
  covered: number;
  /** The place at a height. */
  indexAt: (y: number) => number;
  /** The height of a place, with its heading. */
  heightAt: (index: number) => number;
}

export interface ResultsView {
  /** Where the person is in the list that is shown; null if no list is shown. */
  place(): Place | null;
  /** How far the person has scrolled into the results, in CSS pixels: results must not move under someone who reads. */
  scrolled(): number;
  /** Whether one of the results has the keyboard focus. */
  focused(): boolean;
  /** Move the focus to the result of an image id, or to the one that had it last. */
  focus(id?: string): void;
  /** Scroll to a place of the list, and move the focus there. */
  show?(index: number): void;
}

/** Used before a view is attached, and after it was removed. */
export const NO_VIEW: ResultsView = { place: () => null, scrolled: () => 0, focused: () => false, focus: () => undefined };
