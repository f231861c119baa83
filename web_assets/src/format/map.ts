/** The map of meaning (docs/FORMAT.md 2.18): where each row lies in two and three dimensions, and its topic. */
import { own } from "../base/own";
import { headerCount, isObject, readContainer, section } from "./container";
import { readEntry } from "./entry";
import { FormatError } from "./errors";
import { parseJson } from "./json";
import { checkLength } from "./lists";
import type { MapEntry } from "./manifest";
import { count, fail, fileList, object, type Json } from "./shape";

/** A topic: points that lie together, named by their words. */
export interface MapTopic {
  name: string;
  words: string[];
  /** How many rows it has. */
  count: number;
  /** Its middle on the flat map. */
  x: number;
  y: number;
  /** At most 4 rows near its middle. */
  rows: number[];
  /** The number of the topic that it is part of; null if there is none. */
  parent: number | null;
}

const MISSING = 65_535;
const [MOST_PER_FILE, MOST_TOPICS, MOST_SAMPLES] = [65_536, 10_000, 4];
const [LONGEST_NAME, MOST_WORDS] = [200, 20];

/** Throws FormatError. @param total rows of the collection */
export function checkMap(entry: MapEntry, total: number): void {
  const value = entry as unknown as Json;
  const rows = count(value, "rows", 1, total);
  count(value, "count", 1, rows);
  const block = count(value, "block", 1, MOST_PER_FILE);
  checkLength(fileList(value, "map", "flat"), rows, block, "map.flat");
  if (own(value, "space") !== null) checkLength(fileList(value, "map", "space"), rows, block, "map.space");
  checkLength(fileList(value, "map", "row_topics"), rows, block, "map.row_topics");
  const topics = object(value, "topics");
  count(topics, "count", 0, MOST_TOPICS);
  readEntry(topics["file"], "map.topics.file");
}

/** The coordinates of a block's rows, an array for each dimension. Throws FormatError. */
export function readMapPoints(bytes: Uint8Array, rows: number, first: number, dimensions: 2 | 3): Uint16Array[] {
  const container = readContainer(bytes, "map");
  if (headerCount(container, "count") !== rows || headerCount(container, "first") !== first) throw new FormatError("A file of the map has other rows than its block.");
  const axes = ["x", "y", "z"].slice(0, dimensions).map((name) => section(container, name, ["u16"], rows));
  for (let row = 0; row < rows; row++) {
    const missing = axes[0]![row] === MISSING;
    if (axes.some((axis) => (axis[row] === MISSING) !== missing)) throw new FormatError("A point of the map lacks a coordinate.");
  }
  return axes;
}

/** The topic of each of a block's rows; 65,535 for none. Throws FormatError. */
export function readRowTopics(bytes: Uint8Array, rows: number, first: number, topics: number): Uint16Array {
  const container = readContainer(bytes, "map-topics");
  if (headerCount(container, "count") !== rows || headerCount(container, "first") !== first) throw new FormatError("A file of topics has other rows than its block.");
  const numbers = section(container, "topics", ["u16"], rows);
  if (numbers.some((topic) => topic >= topics && topic !== MISSING)) throw new FormatError("A row has a topic that does not exist.");
  return numbers;
}

/** Throws FormatError. @param rows of the map */
export function readMapTopics(bytes: Uint8Array, topics: number, rows: number): MapTopic[] {
  const value = parseJson(bytes, "The list of topics");
  if (!Array.isArray(value) || value.length !== topics) throw new FormatError("The list of topics has another length than the manifest says.");
  value.forEach((topic: unknown, place) => { checkTopic(topic, place, topics, rows); });
  return value as MapTopic[];
}

function checkTopic(topic: unknown, place: number, topics: number, rows: number): void {
  if (!isObject(topic)) fail(`topics[${place}]`);
  const { name, words, rows: samples, parent } = topic;
  const isText = (text: unknown): boolean => typeof text === "string" && text !== "" && text.length <= LONGEST_NAME;
  const whole = (number: unknown, most: number): boolean => Number.isSafeInteger(number) && (number as number) >= 0 && (number as number) <= most;
  const valid = isText(name) && Array.isArray(words) && words.length <= MOST_WORDS && words.every(isText)
    && whole(topic["count"], rows) && whole(topic["x"], MISSING - 1) && whole(topic["y"], MISSING - 1)
    && Array.isArray(samples) && samples.length <= MOST_SAMPLES && samples.every((row) => whole(row, rows - 1))
    && (parent === null || (whole(parent, topics - 1) && parent !== place));
  if (!valid) throw new FormatError(`Topic ${place} of the map is not valid.`);
}
