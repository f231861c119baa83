/** The state of the interface, and the pure function that changes it. */
import type { LoadProgress, Manifest, RowInfo, SearchResponse } from "../../engine/types";
import { browseList, firstPage, foldsPages, pageOf, sameOrder, withPage, type List, type Page } from "./list";
import type { Layout } from "../layout";
import { PLAIN, type Look } from "../look";
import { HOME, type View } from "./view";

export type Theme = "system" | "light" | "dark";
export type DialogName = "about" | "keys";

/** What the device stores for offline visits. */
export interface Keeping {
  /** Whether everything that a search needs is stored. */
  complete: boolean;
  /** How many bytes can be stored in addition; 0 also if that is unknown. */
  left: number;
  /** How many bytes can be stored in all. */
  total: number;
  /** Whether this browser can store more if it is asked to. */
  able: boolean;
  /** Whether what was asked for has ended, although something may be left. */
  ended: boolean;
}

/** What the visitor wants to be stored: what happens to be loaded, everything, or everything but not now. */
export type Wish = "some" | "all" | "paused";

/** A short message; with a way to take back what was done, if there is one. */
export interface Message {
  text: string;
  undo: (() => void) | null;
}

/** The last check of what is stored: under way, or how many files were whole and damaged. */
export type Checked = "running" | { whole: number; damaged: number };

export interface State {
  phase: "opening" | "ready" | "failed";
  /** Why the collection could not be opened. */
  failure: string | null;
  manifest: Manifest | null;
  view: View;
  /** What the grid shows; while a new search runs this is still the old list. */
  list: List | null;
  /** The key of the running search, and when it started (ms). */
  pending: { key: string; since: number } | null;
  /** Why the last search failed. */
  searchFailure: string | null;
  /** Better results that wait until the person asks for them, because they are reading. */
  refined: List | null;
  /** Counts up when a list is replaced by a better one of the same search: tiles glide to their places. */
  refinement: number;
  progress: Partial<Record<LoadProgress["step"], LoadProgress>>;
  /** When the oldest unfinished step began; null if nothing loads. */
  loadingSince: number | null;
  /** Whether the person opened or closed the filters; null: as the width of the screen suggests. */
  filtersOpen: boolean | null;
  dialog: DialogName | null;
  theme: Theme;
  /** The layout that was chosen on this device; null if none was. */
  layout: Layout | null;
  look: Look;
  offline: boolean;
  /** Whether the site was published again since this page was opened, so that only a reload helps. */
  updated: boolean;
  /** How much of what an offline visit needs is stored on the device. */
  kept: Keeping;
  /** Whether the visitor asked to store all of it. */
  keeping: Wish;
  /** Counts up when the visitor asks again for what could not be stored. */
  keepings: number;
  /** Null if nothing was checked on this page. */
  checked: Checked | null;
  /** The number of pictures added on this device that are searched as well; `version` grows with every change to them. */
  local: { count: number; version: number };
  /** The chosen results, by image id: their rows. They stay chosen when the search changes. */
  selected: ReadonlyMap<string, number>;
  /** A short confirmation, read aloud and shown for a moment. */
  toast: Message | null;
}

export type Action =
  | { type: "opened"; manifest: Manifest }
  | { type: "failed"; message: string }
  | { type: "reopening" }
  | { type: "viewed"; view: View }
  | { type: "browsed"; key: string }
  | { type: "shown"; list: List | null }
  | { type: "searching"; key: string; now: number }
  | { type: "responded"; key: string; response: SearchResponse; infos: RowInfo[]; hold: boolean }
  | { type: "search-failed"; key: string; message: string }
  | { type: "refine" }
  | { type: "paged"; key: string; index: number; page: Page }
  | { type: "progress"; progress: LoadProgress; now: number }
  | { type: "filters"; open: boolean }
  | { type: "dialog"; dialog: DialogName | null }
  | { type: "theme"; theme: Theme }
  | { type: "layout"; layout: Layout }
  | { type: "look"; look: Look }
  | { type: "offline"; offline: boolean }
  | { type: "updated" }
  | { type: "kept"; kept: Keeping }
  | { type: "keep"; keeping: Wish }
  | { type: "checked"; checked: Checked }
  | { type: "local"; count: number; version: number }
  | { type: "select"; selected: ReadonlyMap<string, number> }
  | { type: "toast"; toast: Message | null };

/** How many pictures there are to search. */
export function sizeOf(state: Pick<State, "manifest" | "local">): number {
  return (state.manifest?.collection.count ?? 0) + state.local.count;
}

/** How many results the whole collection has: an object with several pages may be one. */
export function placesOf(state: Pick<State, "manifest" | "local" | "view">): number {
  const { manifest, view } = state;
  return sizeOf(state) - (manifest?.objects && foldsPages(view, manifest) ? manifest.objects.rows - manifest.objects.count : 0);
}

export function initialState(view: View = HOME, theme: Theme = "system", layout: Layout | null = null): State {
  return {
    phase: "opening", failure: null, manifest: null, view, list: null, pending: null, searchFailure: null,
    refined: null, refinement: 0, progress: {}, loadingSince: null, filtersOpen: null, dialog: null, theme, layout, look: PLAIN,
    offline: false, updated: false, kept: { complete: false, left: 0, total: 0, able: false, ended: false }, keeping: "some", keepings: 0, checked: null, local: { count: 0, version: 0 }, selected: new Map(), toast: null,
  };
}

function responded(state: State, action: Extract<Action, { type: "responded" }>): State {
  if (state.pending?.key !== action.key) return state;
  const list = firstPage(action.key, action.response, action.infos, sizeOf(state), pageOf(state.manifest));
  const final = action.response.stage === "final";
  const pending = final ? null : state.pending;
  const base = { ...state, pending, searchFailure: null };
  const earlier = state.list?.key === action.key ? state.list : null;
  if (!earlier) {
    // Words alone found nothing, but meaning may still find something: wait for it.
    if (!final && list.length === 0 && !list.notices.length) return base;
    return { ...base, list, refined: null };
  }
  if (sameOrder(earlier, list)) return { ...base, list: { ...list, pages: mergePages(earlier, list) }, refined: null };
  if (action.hold) return { ...base, refined: list };
  return { ...base, list, refined: null, refinement: state.refinement + 1 };
}

/** Keeps the later pages of the earlier list only if the new one is of the same quality. */
function mergePages(earlier: List, list: List): List["pages"] {
  return earlier.stage === list.stage ? earlier.pages : list.pages;
}

function progressed(state: State, { progress, now }: Extract<Action, { type: "progress" }>): State {
  const steps = { ...state.progress, [progress.step]: progress };
  const busy = Object.values(steps).some((step) => !step.done);
  return { ...state, progress: steps, loadingSince: busy ? state.loadingSince ?? now : null };
}

export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case "opened":
      return { ...state, phase: "ready", manifest: action.manifest, failure: null };
    case "failed":
      return { ...state, phase: "failed", failure: action.message };
    case "reopening":
      return { ...state, phase: "opening", failure: null };
    case "viewed":
      return { ...state, view: action.view };
    case "browsed":
      return {
        ...state, list: browseList(action.key, placesOf(state), pageOf(state.manifest), foldsPages(state.view, state.manifest) ? sizeOf(state) : null), pending: null,
        searchFailure: null, refined: null,
      };
    case "shown":
      return { ...state, list: action.list, pending: null, searchFailure: null, refined: null };
    case "searching":
      return { ...state, pending: { key: action.key, since: action.now }, searchFailure: null, refined: null };
    case "responded":
      return responded(state, action);
    case "search-failed":
      return state.pending?.key === action.key
        ? { ...state, pending: null, searchFailure: action.message }
        : state;
    case "refine":
      return state.refined
        ? { ...state, list: state.refined, refined: null, refinement: state.refinement + 1 }
        : state;
    case "paged":
      return state.list?.key === action.key
        ? { ...state, list: withPage(state.list, action.index, action.page, sizeOf(state)) }
        : state;
    case "progress":
      return progressed(state, action);
    case "filters":
      return { ...state, filtersOpen: action.open };
    case "dialog":
      return { ...state, dialog: action.dialog };
    case "theme":
      return { ...state, theme: action.theme };
    case "layout":
      return action.layout === "map" ? state : { ...state, layout: action.layout };
    case "look":
      return { ...state, look: action.look };
    case "offline":
      return { ...state, offline: action.offline };
    case "updated":
      return { ...state, updated: true };
    case "kept":
      return { ...state, kept: action.kept };
    case "keep":
      return { ...state, keeping: action.keeping, keepings: state.keepings + 1, checked: null, kept: { ...state.kept, ended: false } };
    case "checked":
      return { ...state, checked: action.checked };
    case "local":
      return { ...state, local: { count: action.count, version: action.version } };
    case "select":
      return { ...state, selected: action.selected };
    case "toast":
      return { ...state, toast: action.toast };
  }
}
