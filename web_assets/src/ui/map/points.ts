/** The points of the map in the page: typed arrays by blocks of rows, never an object for a row. */
import type { Classes, MapBlock, MapTopic } from "../../engine/types";
import { NONE, placeOf } from "./colours";
import { Places } from "./places";

/** What is drawn of a block. */
export interface Drawn {
  first: number;
  count: number;
  /** x, y of each row. */
  flat: Uint16Array;
  /** x, y, z and 0 of each row, once they are loaded. */
  space: Uint16Array | null;
  topics: Uint16Array;
  /** Four bytes of each row: place in the table of colours, 255 if it is lit, and two that are not used. */
  look: Uint8Array;
}

const MISSING = 65_535;

/** Whether a row is in a set of rows as bits. */
function has(found: Uint8Array, row: number): boolean {
  return (found[row >> 3]! & (1 << (row & 7))) !== 0;
}

export class MapPoints {
  readonly blocks: Drawn[] = [];
  readonly places = new Places();
  /** How many rows are on the map, as far as it is loaded. */
  count = 0;
  #found: Uint8Array | null = null;
  #classes: Uint8Array | null = null;

  add({ first, count, points, topics }: MapBlock): Drawn {
    const drawn: Drawn = { first, count, flat: points, space: null, topics, look: new Uint8Array(4 * count) };
    this.blocks.push(drawn);
    this.places.add(first, points);
    for (let i = 0; i < count; i++) if (points[2 * i] !== MISSING || points[2 * i + 1] !== MISSING) this.count++;
    this.#paint(drawn);
    return drawn;
  }

  /** @param found bits of the rows that the search found; null for all */
  light(found: Uint8Array | null): void {
    this.#found = found;
    this.#repaint();
  }

  /** @param classes null for the colours of topics */
  colour(classes: Classes | null): void {
    this.#classes = classes && classes.classes;
    this.#repaint();
  }

  get searched(): boolean {
    return this.#found !== null;
  }

  isLit = (row: number): boolean => {
    const found = this.#found;
    return !found || has(found, row);
  };

  blockOf(row: number): Drawn | undefined {
    return this.blocks.find(({ first, count }) => row >= first && row < first + count);
  }

  /** How many of the rows that a search found each topic has. */
  perTopic(found: Uint8Array, topics: readonly MapTopic[]): Uint32Array {
    const own = new Uint32Array(topics.length);
    for (const { first, count, topics: numbers } of this.blocks) {
      for (let i = 0; i < count; i++) if (numbers[i]! < own.length && has(found, first + i)) own[numbers[i]!]!++;
    }
    const counts = own.slice();
    // A topic has the rows of its parts, too. A chain of parts is no longer than the list.
    own.forEach((count, topic) => {
      let [above, steps] = [topics[topic]!.parent, 0];
      for (; above !== null && steps < own.length; steps++) {
        counts[above]! += count;
        above = topics[above]!.parent;
      }
    });
    return counts;
  }

  /** The box of the lit points, or of a topic's: left, top, right, bottom. It leaves out the outermost hundredth on each side. */
  boxOf(topic: number | null): [number, number, number, number] | null {
    const xs: number[] = [];
    const ys: number[] = [];
    // A sample of some thousand points is enough to say where they lie.
    const step = Math.max(1, Math.floor(this.count / 50_000));
    for (const { first, count, flat, topics } of this.blocks) {
      for (let i = 0; i < count; i += topic === null ? step : 1) {
        const [x, y] = [flat[2 * i]!, flat[2 * i + 1]!];
        if ((x === MISSING && y === MISSING) || (topic === null ? !this.isLit(first + i) : topics[i] !== topic)) continue;
        xs.push(x);
        ys.push(y);
      }
    }
    if (!xs.length) return null;
    const cut = (values: number[]): [number, number] => {
      values.sort((a, b) => a - b);
      const end = Math.floor(values.length / 100);
      return [values[end]!, values[values.length - 1 - end]!];
    };
    const [left, right] = cut(xs);
    const [top, bottom] = cut(ys);
    return [left, top, right, bottom];
  }

  #repaint(): void {
    for (const block of this.blocks) this.#paint(block);
  }

  #paint({ first, count, topics, look }: Drawn): void {
    const [classes, found] = [this.#classes, this.#found];
    for (let i = 0; i < count; i++) {
      const row = first + i;
      look[4 * i] = classes ? classes[row] ?? NONE : placeOf(topics[i]!);
      look[4 * i + 1] = !found || has(found, row) ? 255 : 0;
    }
  }
}
