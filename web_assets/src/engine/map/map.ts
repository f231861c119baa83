/** The map of meaning of a site: where each row lies, and its topic. Loaded with the first question about it. */
import { MOST_CORNERS, topicOf } from "../../base/map";
import { boxOf, inside } from "../../base/polygon";
import type { FileList, Manifest, MapEntry } from "../../format/index";
import { checkMap, readMapPoints, readMapTopics, readRowTopics, type MapTopic } from "../../format/map";
import { QueryError } from "../errors";
import { eachOf, type SiteFiles } from "../files";
import { Shared } from "../lru";
import { emptyMask, type Mask } from "../mask";
import type { Classes, Filter, MapBlock } from "../types";
import { classesOf } from "./classes";

/** In the place of a coordinate or a topic: there is none. */
const MISSING = 65_535;

export class SiteMap {
  private readonly flat: FileList;
  private readonly space: FileList | null;
  private readonly rowTopics: FileList;
  private readonly kept = new Shared<Uint16Array>();
  private readonly single = new Shared<MapTopic[]>();

  /** Throws FormatError. @param rows of the published collection */
  constructor(private readonly entry: MapEntry, rows: number, private readonly files: SiteFiles) {
    checkMap(entry, rows);
    this.flat = files.list(entry.flat, "column");
    this.space = entry.space && files.list(entry.space, "column");
    this.rowTopics = files.list(entry.row_topics, "column");
  }

  topics(): Promise<MapTopic[]> {
    const { file, count } = this.entry.topics;
    return this.single.get("topics", async () => readMapTopics(await this.files.load(file, "column"), count, this.entry.rows));
  }

  /** The points and topics of a block of rows; x, y and, of three dimensions, z of each row and one number that is 0. */
  async block(place: number, dimensions: 2 | 3 = 2): Promise<MapBlock> {
    const { block, rows } = this.entry;
    if (!Number.isInteger(place) || place < 0 || place * block >= rows) throw new QueryError(`The map has no block ${String(place)}.`);
    const [points, topics] = await Promise.all([this.points(place, dimensions), this.topicsOf(place)]);
    return { first: place * block, count: this.countOf(place), points, topics };
  }

  /** The rows that a filter of the map lets through. `count`: rows of the collection. */
  async rows(filter: Extract<Filter, { kind: "area" | "topic" }>, count: number): Promise<Mask> {
    const mask = emptyMask(count);
    const add = (row: number): void => { mask[row >> 3]! |= 1 << (row & 7); };
    const places = Array.from({ length: Math.ceil(this.entry.rows / this.entry.block) }, (_, place) => place);
    if (filter.kind === "topic") {
      const topics = await this.topics();
      const wanted = new Set(filter.values.map((value) => topicOf(topics, value)));
      // A topic has the rows of its parts, too.
      topics.forEach((_, topic) => { if (lineOf(topics, topic).some((above) => wanted.has(above))) wanted.add(topic); });
      await eachOf(places, async (place) => {
        (await this.topicsOf(place)).forEach((topic, i) => { if (topic !== MISSING && wanted.has(topic)) add(place * this.entry.block + i); });
      });
      return mask;
    }
    const { points: area } = filter;
    if (area.length < 6 || area.length % 2 || area.length > 2 * MOST_CORNERS || !area.every(Number.isFinite)) {
      throw new QueryError(`An area of the map has 3 to ${String(MOST_CORNERS)} corners.`);
    }
    const [left, top, right, bottom] = boxOf(area);
    await eachOf(places, async (place) => {
      const points = await this.points(place, 2);
      for (let i = 0; 2 * i < points.length; i++) {
        const [x, y] = [points[2 * i]!, points[2 * i + 1]!];
        if (x < left || x > right || y < top || y > bottom || (x === MISSING && y === MISSING)) continue;
        if (inside(area, x, y)) add(place * this.entry.block + i);
      }
    });
    return mask;
  }

  /** The values of a field as places in a table of colours. */
  classes(...asked: Parameters<typeof classesOf>): Promise<Classes> {
    return classesOf(...asked);
  }

  private countOf(place: number): number {
    const { block, rows } = this.entry;
    return Math.min(block, rows - place * block);
  }

  private topicsOf(place: number): Promise<Uint16Array> {
    return this.kept.get(`topics ${String(place)}`, async () =>
      readRowTopics(await this.files.loadListed(this.rowTopics, place, "column"), this.countOf(place), place * this.entry.block, this.entry.topics.count));
  }

  private points(place: number, dimensions: 2 | 3): Promise<Uint16Array> {
    return this.kept.get(`points ${String(dimensions)} ${String(place)}`, async () => {
      const list = dimensions === 3 ? this.space : this.flat;
      if (!list) throw new QueryError("The map of this collection has two dimensions.");
      const axes = readMapPoints(await this.files.loadListed(list, place, "column"), this.countOf(place), place * this.entry.block, dimensions);
      return interleaved(axes, dimensions === 3 ? 4 : 2);
    });
  }
}

/** A topic and those that it is part of, from the nearest on. */
function lineOf(topics: readonly MapTopic[], topic: number): number[] {
  const line: number[] = [];
  for (let at: number | null = topic; at !== null && !line.includes(at); at = topics[at]!.parent) line.push(at);
  return line;
}

/** Throws QueryError if the site has no map, FormatError if its entry is not valid. */
export function openMap({ map, collection }: Manifest, files: SiteFiles): SiteMap {
  if (!map) throw new QueryError("This collection has no map.");
  return new SiteMap(map, collection.count, files);
}

/** Numbers of one row after another, from one axis after another. */
function interleaved(axes: readonly Uint16Array[], width: number): Uint16Array {
  const points = new Uint16Array(axes[0]!.length * width);
  axes.forEach((axis, a) => {
    for (let i = 0; i < axis.length; i++) points[i * width + a] = axis[i]!;
  });
  return points;
}
