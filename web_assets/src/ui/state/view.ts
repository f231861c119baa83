/**
 * What the person is looking at, as a URL and back. Pure.
 *
 * A view is written after `#`, so that a query never reaches the host's log; links with the same keys after
 * `?` also work. Keys: `q`, `mode`, `sort` (`-field`: descending), `like` (image ids, `-…`: unlike), `picture` (names of pictures
 * given as queries, which stay on the device: `2*…` and `-…` weigh them), `set` (ids of images, `ids.ts`), `group=no`, `pages=all`, `image` (open image), `is.FIELD_NAME` and `not.FIELD_NAME` (repeated), `in.FIELD_NAME` (`min..max`, either side may be empty),
 * `area` (corners of an area of the map, `x,y,x,y,…`), `topic` (names of topics of the map, repeated; numbers in older links),
 * `view` (`grid`, `list`, `table` or `map`). With `data` the link is to the Data page, which reads the other keys by itself (`ui/data/address.ts`).
 */
import { MAP_EDGE, MAP_FIELD, MOST_CORNERS } from "../../base/map";
import type { Filter, Mode, Sort } from "../../engine/types";
import { LAYOUTS, type Layout } from "../layout";
import { packIds, unpackIds } from "./ids";

/** How many pictures a query may have. */
export const MAX_QUERY_PICTURES = 12;

/** A picture in a view: the hash of its content, and its weight; below 0 to look for what is unlike it. */
export interface PictureTerm {
  hash: string;
  weight: number;
}

export interface View {
  text: string;
  mode: Mode;
  filters: Filter[];
  /** null: the natural order (relevance if something is searched, else the collection's own). */
  sort: Sort | null;
  like: string[];
  /** Pictures of the person's own, by their content. */
  pictures: PictureTerm[];
  /** Whether results that show the same picture are one. */
  group: boolean;
  /** Whether every page of an object is a result, and not only one page. */
  allPages: boolean;
  /** The image id shown in the detail view. */
  image: string | null;
  /** How the results are shown; null: as this device prefers. */
  layout: Layout | null;
  /** The Data page, and what it shows, as the text of its link; null if results are shown. Nothing is searched then. */
  data: string | null;
}

export const HOME: View = { text: "", mode: "all", filters: [], sort: null, like: [], pictures: [], group: true, allPages: false, image: null, layout: null, data: null };

const MODES: readonly string[] = ["all", "meaning", "words"];
const FIELD_NAME = /^[a-z][a-z0-9_]{0,62}$/;
const IMAGE_ID = /^[0-9a-f]{16}$/;
const LIKE = /^-?[0-9a-f]{16}$/;
const MAX_TEXT = 2000;
/** How long a value of a filter may be. */
const MAX_VALUE = 20_000;
/** How many values the filters of a link may have together. */
const MAX_VALUES = 200;
/** How many images a search may look for more like. */
export const MAX_LIKE = 12;
/** The field of the filter for chosen images. No field of a collection has this name. */
export const SET_FIELD = "@set";
/** The keys of a link that are about what is on the screen, and not about what is searched for. */
const SHOWN = ["image", "view"];

function number(text: string): number | undefined {
  if (text.trim() === "") return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function parseRange(field: string, text: string): Filter | null {
  const at = text.indexOf("..");
  if (at < 0) return null;
  const min = number(text.slice(0, at));
  const max = number(text.slice(at + 2));
  if (min === undefined && max === undefined) return null;
  return { field, kind: "range", ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

function parseSort(text: string): Sort | null {
  const falling = text.startsWith("-");
  const field = falling ? text.slice(1) : text;
  return FIELD_NAME.test(field) ? { field, direction: falling ? "descending" : "ascending" } : null;
}

/** Numbers of topics or coordinates, separated by commas. */
const NUMBERS = /^[0-9]{1,5}(?:,[0-9]{1,5})*$/;

/** Topics of the map of meaning; null if there are none. */
function parseTopics(texts: string[]): Filter | null {
  const names = texts.flatMap((text) => (NUMBERS.test(text) ? text.split(",") : [text.slice(0, MAX_VALUE)])).filter(Boolean);
  return names.length ? { field: MAP_FIELD, kind: "topic", values: [...new Set(names)].slice(0, MAX_VALUES) } : null;
}

/** An area of the map of meaning; null if it is malformed. */
function parseArea(texts: string[]): Filter | null {
  const numbers = texts.filter((text) => NUMBERS.test(text)).map(Number);
  const able = numbers.length === texts.length && numbers.length >= 6 && numbers.length <= 2 * MOST_CORNERS && numbers.length % 2 === 0;
  return able && numbers.every((value) => value <= MAP_EDGE) ? { field: MAP_FIELD, kind: "area", points: numbers } : null;
}

function parseFilters(parameters: URLSearchParams): Filter[] {
  const set = parameters.get("set");
  const filters: Filter[] = set === null ? [] : [{ field: SET_FIELD, kind: "ids", values: unpackIds(set) }];
  let room = MAX_VALUES;
  for (const key of new Set(parameters.keys())) {
    if (room <= 0) break;
    if (key === "area" || key === "topic") {
      const filter = key === "area" ? parseArea(parameters.get(key)!.split(",")) : parseTopics(parameters.getAll(key));
      if (filter) filters.push(filter);
      continue;
    }
    const at = key.indexOf(".");
    const field = key.slice(at + 1);
    if (at < 0 || !FIELD_NAME.test(field)) continue;
    const prefix = key.slice(0, at);
    if (prefix === "in") {
      const range = parseRange(field, parameters.get(key) ?? "");
      if (range) filters.push(range);
      room--;
    } else if (prefix === "is" || prefix === "not") {
      const values = [...new Set(parameters.getAll(key))].slice(0, room).map((value) => value.slice(0, MAX_VALUE));
      room -= values.length;
      filters.push({ field, kind: prefix === "is" ? "any" : "none", values });
    }
  }
  return filters;
}

const PICTURE_TERM = /^(-?)(?:([0-9]{1,2}(?:\.[0-9]{1,2})?)\*)?([0-9a-f]{16})$/;

function parsePictures(text: string): PictureTerm[] {
  const terms = new Map<string, PictureTerm>();
  for (const part of text.split(",")) {
    const match = PICTURE_TERM.exec(part);
    const size = Number(match?.[2] ?? 1);
    if (match && size > 0) terms.set(match[3]!, { hash: match[3]!, weight: match[1] ? -size : size });
  }
  return [...terms.values()].slice(0, MAX_QUERY_PICTURES);
}

function formatPicture({ hash, weight }: PictureTerm): string {
  const size = Math.abs(weight);
  return (weight < 0 ? "-" : "") + (size === 1 ? "" : `${String(size)}*`) + hash;
}

/** Reads a view from `location.search` and `location.hash`; whatever is malformed is left out. */
export function parseView(search: string, hash: string): View {
  const parameters = new URLSearchParams(search);
  for (const [key, value] of new URLSearchParams(hash.replace(/^#/, ""))) parameters.append(key, value);
  const mode = parameters.get("mode") ?? "";
  const image = parameters.get("image") ?? "";
  const layout = parameters.get("view") ?? "";
  const shown = { image: IMAGE_ID.test(image) ? image : null, layout: LAYOUTS.includes(layout) ? (layout as Layout) : null };
  if (parameters.has("data")) {
    for (const key of SHOWN) parameters.delete(key);
    return { ...HOME, ...shown, data: textOf(parameters).slice(0, MAX_TEXT) };
  }
  return {
    ...shown,
    text: (parameters.get("q") ?? "").slice(0, MAX_TEXT),
    mode: MODES.includes(mode) ? (mode as Mode) : "all",
    filters: parseFilters(parameters),
    sort: parseSort(parameters.get("sort") ?? ""),
    like: [...new Set((parameters.get("like") ?? "").split(",").filter((id) => LIKE.test(id)))].slice(0, MAX_LIKE),
    pictures: parsePictures(parameters.get("picture") ?? ""),
    group: parameters.get("group") !== "no",
    allPages: parameters.get("pages") === "all",
    data: null,
  };
}

/** The hash of a view, `#` included; `#` alone for the start page. Same view, same text. */
export function formatView(view: View): string {
  const parameters = new URLSearchParams(view.data ?? "");
  if (view.text) parameters.set("q", view.text);
  if (view.like.length) parameters.set("like", view.like.join(","));
  if (view.pictures.length) parameters.set("picture", view.pictures.map(formatPicture).join(","));
  if (!view.group) parameters.set("group", "no");
  if (view.allPages) parameters.set("pages", "all");
  if (view.mode !== "all") parameters.set("mode", view.mode);
  for (const filter of view.filters) {
    if (filter.kind === "area") {
      parameters.set("area", filter.points.join(","));
    } else if (filter.kind === "topic") {
      for (const value of filter.values) parameters.append("topic", value);
    } else if (filter.kind === "range") {
      parameters.set(`in.${filter.field}`, `${filter.min ?? ""}..${filter.max ?? ""}`);
    } else if (filter.kind === "ids") {
      parameters.set("set", packIds(filter.values));
    } else {
      const key = `${filter.kind === "any" ? "is" : "not"}.${filter.field}`;
      for (const value of filter.values) parameters.append(key, value);
    }
  }
  if (view.sort && FIELD_NAME.test(view.sort.field)) {
    parameters.set("sort", (view.sort.direction === "descending" ? "-" : "") + view.sort.field);
  }
  if (view.layout) parameters.set("view", view.layout);
  if (view.image) parameters.set("image", view.image);
  return "#" + textOf(parameters);
}

/** Commas need no escape here, and links with a list stay readable. */
function textOf(parameters: URLSearchParams): string {
  return parameters.toString().replaceAll("%2C", ",");
}

/** Two views with the same key show the same results, however they are shown. */
export function searchKey(view: View): string {
  return formatView({ ...view, text: view.text.trim(), image: null, layout: null });
}

/** Whether the view is a search; if not, the whole collection is shown in its own order. */
export function isBrowsing(view: View): boolean {
  return !view.text.trim() && !view.like.length && !view.pictures.length && !view.filters.length && !view.sort;
}

/** Whether results have a rank (as opposed to an order by field). */
export function isRanked(view: View): boolean {
  return Boolean(view.text.trim() || view.like.length || view.pictures.length);
}

/** The view with pictures added, in a mode that looks at pictures. */
export function withPictures(view: View, hashes: readonly string[]): View {
  const known = new Set(view.pictures.map(({ hash }) => hash));
  const added = hashes.filter((hash) => !known.has(hash)).map((hash) => ({ hash, weight: 1 }));
  const pictures = [...view.pictures, ...added].slice(0, MAX_QUERY_PICTURES);
  return { ...view, pictures, mode: view.mode === "words" ? "all" : view.mode, image: null };
}

/** The view with a value of a field chosen, or no longer chosen. */
export function toggleValue(view: View, field: string, value: string): View {
  const old = view.filters.find((filter) => filter.field === field && filter.kind === "any");
  const values = old && old.kind === "any" ? old.values : [];
  const next = values.includes(value) ? values.filter((other) => other !== value) : [...values, value];
  return withFilter(view, field, "any", next.length ? { field, kind: "any", values: next } : null);
}

/** The view with the filter of this field and kind replaced, added or (null) removed. */
export function withFilter(view: View, field: string, kind: Filter["kind"], filter: Filter | null): View {
  const same = (other: Filter): boolean => other.field === field && other.kind === kind;
  const filters = view.filters.some(same) && filter
    ? view.filters.map((other) => (same(other) ? filter : other))
    : [...view.filters.filter((other) => !same(other)), ...(filter ? [filter] : [])];
  return { ...view, filters };
}

/** The view without one condition: a value, or a whole range. */
export function withoutCondition(view: View, filter: Filter, value?: string): View {
  if (filter.kind === "range" || filter.kind === "area" || value === undefined) return withFilter(view, filter.field, filter.kind, null);
  const values = filter.values.filter((other) => other !== value);
  return withFilter(view, filter.field, filter.kind, values.length ? { ...filter, values } : null);
}
