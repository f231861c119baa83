/** Numbers, sizes, dates and results in words. Pure; everything in English, numbers and dates in the reader's style. */
import { dateSpan } from "../base/dates";
import { visible } from "../base/visible";
import type { FieldDefinition, FieldValue, LoadProgress } from "../engine/types";
import type { List } from "./state/list";
import type { View } from "./state/view";

const counts = new Intl.NumberFormat();
const decimals = new Intl.NumberFormat(undefined, { maximumFractionDigits: 3 });

export function count(value: number): string {
  return counts.format(value);
}

/** What a collection consists of. */
export type Noun = "picture" | "record" | "object";

export function counted(value: number, noun: Noun): string {
  return `${counts.format(value)} ${noun}${value === 1 ? "" : "s"}`;
}

export function pictures(value: number): string {
  return counted(value, "picture");
}

/** Bytes in decimal units, as browsers show downloads. */
export function bytes(value: number): string {
  if (value < 1000) return `${String(value)} B`;
  const units = ["kB", "MB", "GB"];
  let scaled = value;
  let unit = -1;
  do {
    scaled /= 1000;
    unit++;
  } while (scaled >= 999.5 && unit < units.length - 1);
  return `${scaled < 10 ? scaled.toFixed(1) : String(Math.round(scaled))} ${units[unit]!}`;
}

const STEPS: Record<LoadProgress["step"], string> = {
  manifest: "Opening the collection", rows: "Loading the picture list", vectors: "Loading the picture index",
  catalog: "Loading the text index", runtime: "Starting the language model", model: "Loading the language model", "image-tower": "Loading the picture model",
  tokens: "Loading words", column: "Loading filters", documents: "Loading details",
};

/** What is loading now, with bytes if known; null if nothing loads. */
export function loading(progress: Partial<Record<LoadProgress["step"], LoadProgress>>): string | null {
  const open = Object.values(progress).filter((step) => !step.done);
  const [first] = open;
  if (!first) return null;
  const loaded = open.reduce((sum, step) => sum + step.loaded, 0);
  const total = open.reduce((sum, step) => sum + step.total, 0);
  const largest = open.reduce((one, other) => (other.total > one.total ? other : one), first);
  const amount = total > 0 ? ` · ${bytes(Math.min(loaded, total))} of ${bytes(total)}` : "";
  return STEPS[largest.step] + amount;
}

/** The loaded part of the open steps, 0 … 1; null if unknown. */
export function loadedPart(progress: Partial<Record<LoadProgress["step"], LoadProgress>>): number | null {
  const open = Object.values(progress).filter((step) => !step.done);
  const total = open.reduce((sum, step) => sum + step.total, 0);
  if (!total) return null;
  return Math.min(1, open.reduce((sum, step) => sum + step.loaded, 0) / total);
}

/** Quotation marks around all of the text are not repeated. */
function quoted(text: string): string {
  const short = visible(text.trim().replace(/^["“„«]([^"“”„«»]+)["“”»]$/, "$1"));
  return `“${short.length > 60 ? short.slice(0, 59) + "…" : short}”`;
}

function withWords(text: string, total: number, strict: number | null, noun: Noun): string {
  if (/^[\p{L}\p{N}]+$/u.test(text)) return `${counted(total, noun)} with ${quoted(text)}`;
  if (strict === null || strict === total) return `${counted(total, noun)} for ${quoted(text)}`;
  if (strict === 0) return `${counted(total, noun)} with some words of ${quoted(text)}`;
  return `${counted(strict, noun)} with ${quoted(text)}, ${count(total - strict)} more with some of the words`;
}

/** Fewer likely matches than this share the first row of a wide grid with the nearest others. */
const FEW = 8;

/** How many likely matches there are, or that there is none, in words. @param of what was searched for */
function likely(divide: number, of: string, interim: boolean): string {
  if (!divide) return `No likely match for ${of}; these are the nearest`;
  return `${interim ? "So far " : ""}${count(divide)} likely ${divide === 1 ? "match" : "matches"} for ${of}${divide < FEW && !interim ? ", then the nearest" : ""}`;
}

/** What is said of a result that is a page of an object. `folded`: it stands for all pages. */
export function pageOfObject({ number, of }: { number: number; of: number }, folded: boolean): string {
  return folded && number === 1 ? `${count(of)} pages` : `p. ${count(number)} of ${count(of)}`;
}

/** The result count in words; `unit` is what is counted. Before the final stage it is what was found so far, and never that nothing was found. */
export function summary(view: View, list: List, all: number, noun: Noun = "picture", unit = noun): string {
  const text = view.text.trim();
  const total = list.total;
  const own = view.pictures.length;
  const interim = list.stage !== "final";
  if (list.length === 0 && interim) return text ? `Still searching for ${quoted(text)}` : "Still searching";
  if (list.length === 0) return text ? `Nothing found for ${quoted(text)}` : "Nothing found";
  if (text && view.mode === "words" && !interim && total !== null) return withWords(text, total, list.strictTotal, unit);
  if (text && list.stage === "words") {
    return total === null ? `${noun === "picture" ? "Pictures" : "Records"} with ${quoted(text)}` : `So far ${withWords(text, total, list.strictTotal, unit)}`;
  }
  const within = total !== null && total < all ? ` among ${counted(total, unit)}` : "";
  if (text && own) return `Closest to ${quoted(text)} and ${own === 1 ? "your picture" : "your pictures"}${within}`;
  const unlike = view.like.every((id) => id.startsWith("-"));
  if (text && view.like.length) return `Closest to ${quoted(text)}${unlike ? ", away from" : " and"} the chosen ${noun}${within}`;
  if (text && !view.sort && list.divide !== null) return likely(list.divide, quoted(text), interim) + within;
  if (text) return `Best matches ${interim ? "so far " : ""}for ${quoted(text)}${within}`;
  if (own && list.divide !== null && !view.sort) return likely(list.divide, own === 1 ? "your picture" : "your pictures", interim) + within;
  if (view.like.length) return (unlike ? `Unlike ${view.like.length === 1 ? `this ${noun}` : `these ${noun}s`}` : view.like.length === 1 ? `More like this ${noun}` : `More like these ${noun}s`) + within;
  const each = list.pictures === null ? "" : `, ${counted(list.pictures, noun)}`;
  if (total !== null && total < all) return `${count(total)} of ${counted(all, unit)}${each}`;
  return counted(total ?? all, unit) + each;
}

/** A format that is made once it is needed: a phone takes some milliseconds for each, and the first pictures need none. */
function dated(options: Intl.DateTimeFormatOptions): (seconds: number) => string {
  let made: Intl.DateTimeFormat | undefined;
  return (seconds) => (made ??= new Intl.DateTimeFormat(undefined, { ...options, timeZone: "UTC" })).format(seconds * 1000);
}
const months = dated({ year: "numeric", month: "long" });
const days = dated({ dateStyle: "long" });
const hours = dated({ year: "numeric", month: "long", day: "numeric", hour: "numeric" });
const minutes = dated({ dateStyle: "long", timeStyle: "short" });
/** A month, in short, of seconds since 1970. */
export const shortMonth = dated({ year: "numeric", month: "short" });

/** A date of a document (docs/FORMAT.md 2.2) in the reader's style and with no more than it says: a year is a year. */
export function date(iso: string): string {
  const span = dateSpan(iso);
  if (!span) return iso;
  // Programs write midnight if they do not know the time. Seconds are too small to be of interest.
  const style = iso.length === 7 ? months : iso.length === 10 || iso.startsWith("T00:00", 10) ? days : iso.length === 13 ? hours : minutes;
  return iso.length === 4 ? String(Number(iso)) : style(span.start);
}

/** Seconds since 1970 as the value of an `<input type=date>`, and back. */
export function dayOf(seconds: number): string {
  const moment = new Date(seconds * 1000);
  return Number.isNaN(moment.getTime()) ? "" : moment.toISOString().slice(0, 10);
}

export function secondsOf(day: string): number | undefined {
  const at = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(at) ? undefined : at / 1000;
}

/** The f-numbers that are written on lenses. */
const STOPS = [
  0.5, 0.7, 1, 1.1, 1.2, 1.4, 1.6, 1.7, 1.8, 2, 2.2, 2.4, 2.5, 2.8, 3.2, 3.5, 4, 4.5, 5, 5.6, 6.3, 7.1, 8, 9, 10, 11, 13, 14, 16, 18, 20, 22, 25, 29, 32, 36, 40, 45, 51, 57, 64, 72, 81, 90, 128,
];

/** Some files give the exact ratio of a stop, such as 5.657; people know it as 5.6. Other values stay as they are. */
function stop(value: number): number {
  const sixths = 6 * Math.log2(value);
  const exact = 2 ** (Math.round(sixths) / 6);
  if (!(Math.abs(exact - value) <= value * 0.004) || Number.isInteger(Math.round(value * 1e4) / 1e3)) return Math.round(value * 100) / 100;
  return STOPS.reduce((one, other) => (Math.abs(other - value) < Math.abs(one - value) ? other : one));
}

/** A number of a field with its unit; years and other whole numbers of four digits have no thousands separators. */
export function amount(value: number, field?: FieldDefinition): string {
  const year = Number.isInteger(value) && (/year/.test(field?.name ?? "") || Math.abs(value) < 10_000);
  if (field?.unit === "f/") return `f/${decimals.format(stop(value))}`;
  const part = Math.round(1 / value);
  // Cameras write 0.3 s in this way. It is not a third.
  if (field?.unit === "s" && /exposure|shutter/.test(field.name) && part > 1 && Math.abs(part * value - 1) < 0.06) return `1/${String(part)} s`;
  const unit = field?.unit ? ` ${field.unit}` : "";
  return (year ? String(value) : decimals.format(value)) + unit;
}

/** One value of a facet or filter, as shown: the components of a path with slashes, or with arrows if a slash is not its separator. */
export function shownValue(value: string, field?: FieldDefinition): string {
  const between = field?.separator;
  if (between !== undefined && value.includes(between)) {
    const parts = value.split(between).filter(Boolean);
    return visible(parts.join(between === "/" ? "/" : " › "));
  }
  if (field?.type === "boolean") return value === "true" ? "Yes" : value === "false" ? "No" : value;
  return value === "" ? "(empty)" : visible(value);
}

/** A value of a document in one line. */
export function plain(value: FieldValue, field?: FieldDefinition): string {
  if (Array.isArray(value)) return value.map((item) => shownValue(item, field)).join(", ");
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (typeof value === "number") return amount(value, field);
  return field?.type === "date" ? date(value) : value;
}

export function range(field: FieldDefinition, min?: number, max?: number): string {
  const write = (value: number): string => (field.type === "date" ? date(dayOf(value)) : amount(value, field));
  if (min !== undefined && max !== undefined) return `${write(min)} – ${write(max)}`;
  if (min !== undefined) return field.type === "date" ? `since ${write(min)}` : `at least ${write(min)}`;
  if (max !== undefined) return field.type === "date" ? `until ${write(max)}` : `at most ${write(max)}`;
  return "any";
}
