/** The additions of a collection, as the page sees them. */
import type { AdditionsMethods } from "../additions/methods";
import type { AdditionsState } from "../additions/types";

export type { AddOutcome, AdditionChange, AdditionsState, AdditionSummary, ImportOutcome, NewPicture } from "../additions/types";

export interface LocalAdditions extends AdditionsMethods {
  /** Call `listener` after every change, also those made in other tabs. Returns a function that stops it. */
  onChange(listener: (state: AdditionsState) => void): () => void;
}
