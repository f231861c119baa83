/** The interface between the page and the part that shows the results: a grid today, a list or a map later. */

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

export interface ResultsView {
  /** Where the person is in the list that is shown; null if no list is shown. */
  place(): Place | null;
  /** How far the person has scrolled into the results, in CSS pixels: results must not move under someone who reads. */
  scrolled(): number;
  /** Move the focus to the result of an image id, or to the one that had it last. */
  focus(id?: string): void;
}

/** Used before a view is attached, and after it was removed. */
export const NO_VIEW: ResultsView = { place: () => null, scrolled: () => 0, focus: () => undefined };
