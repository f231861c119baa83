/** The map on the screen: what it shows, how it moves, and what lies on top of the points. Draws only when something has changed. */
import type { Classes, MapBlock, MapTopic } from "../../engine/types";
import { tableOf } from "./colours";
import { between, fit, moved, shownBox, toMap, toScreen, zoomed, type Frame, type Size } from "./frame";
import { labelAt, labelText, thin, type Candidate, type Label } from "./labels";
import { nearer, shifted, START, turned, type Orbit } from "./orbit";
import { MapPoints } from "./points";
import { PointScene } from "./scene";

/** Thumbnails that are shown, and the length of their longer side in CSS pixels. */
export interface Shown {
  rows: readonly number[];
  side: number;
}

export interface Watcher {
  /** After each frame: things on top of the points are put in their places. */
  placed(): void;
  labels(labels: readonly Label[]): void;
  /** When the map has not moved for a moment. */
  thumbnails(shown: Shown): void;
}

/** How many points may be in view when thumbnails appear, and how many thumbnails there are at most. */
const [IN_VIEW, MOST_THUMBNAILS] = [2500, 150];
/** Milliseconds without a movement after which thumbnails are chosen. */
const SETTLE_MS = 140;
const FLIGHT_MS = 420;
/** A click finds points within this many CSS pixels. */
const REACH = 14;
/** In three dimensions thumbnails are shown this near to the camera. */
const CLOSE = 0.45;
const MISSING = 65_535;

export class Stage {
  readonly points = new MapPoints();
  readonly scene: PointScene;
  frame: Frame;
  orbit: Orbit = START;
  dimensions: 2 | 3 = 2;
  size: Size = { width: 1, height: 1 };
  shown: Shown = { rows: [], side: 0 };
  labels: readonly Label[] = [];
  #topics: readonly MapTopic[] = [];
  #texts: readonly string[] = [];
  /** The middle of each topic in three dimensions. */
  #middles: Float64Array | null = null;
  #request = 0;
  #flight: { from: Frame; to: Frame; since: number } | null = null;
  #settle: ReturnType<typeof setTimeout> | undefined;
  /** Whether the person has moved the map: a new block then does not change what is on screen. */
  #touched = false;

  constructor(canvas: HTMLCanvasElement, private readonly watcher: Watcher, private readonly calm: () => boolean) {
    this.scene = new PointScene(canvas);
    this.frame = fit([0, 0, 65_534, 65_534], this.size);
  }

  add(block: MapBlock): void {
    this.scene.add(this.points.add(block));
    this.invalidate();
  }

  /** Gives block number `place` its three coordinates. */
  addSpace(place: number, { points }: MapBlock): void {
    const block = this.points.blocks[place]!;
    block.space = points;
    this.scene.addSpace(block, place);
    this.#middles = null;
    this.invalidate();
  }

  setTopics(topics: readonly MapTopic[]): void {
    this.#topics = topics;
    this.#texts = topics.map(labelText);
    this.#middles = null;
    this.invalidate();
  }

  light(found: Uint8Array | null): void {
    this.points.light(found);
    this.scene.repainted();
    this.invalidate();
  }

  colour(classes: Classes | null, dark: boolean): void {
    this.points.colour(classes);
    this.scene.repainted();
    this.scene.paint(tableOf(classes?.kind ?? "topics", dark), dark ? [0.42, 0.45, 0.48, 0.4] : [0.6, 0.6, 0.62, 0.35]);
    this.invalidate();
  }

  resize(size: Size, ratio: number): void {
    if (size.width < 1 || size.height < 1) return;
    const first = this.size.width <= 1;
    this.size = size;
    this.scene.resize(size, ratio);
    if (first || !this.#touched) this.frame = fit([0, 0, 65_534, 65_534], size);
    this.invalidate();
  }

  setDimensions(dimensions: 2 | 3): void {
    this.dimensions = dimensions;
    this.invalidate();
  }

  /** Everything on screen. */
  fit(): void {
    this.orbit = START;
    this.fly(fit([0, 0, 65_534, 65_534], this.size));
  }

  /** What the search found, on screen; a topic if one is given. */
  show(topic: number | null): void {
    const box = this.points.boxOf(topic);
    if (box) this.fly(fit(box, this.size));
  }

  fly(to: Frame): void {
    this.#touched = true;
    this.#flight = this.calm() ? null : { from: this.frame, to, since: performance.now() };
    if (!this.#flight) this.frame = to;
    this.invalidate();
  }

  drag(right: number, down: number, aside: boolean): void {
    this.#moved();
    if (this.dimensions === 2) this.frame = moved(this.frame, this.size, right, down);
    else this.orbit = aside ? shifted(this.orbit, right, down, this.size.height) : turned(this.orbit, -right / 180, down / 180);
    this.invalidate();
  }

  zoom(factor: number, left?: number, top?: number): void {
    this.#moved();
    if (this.dimensions === 2) this.frame = zoomed(this.frame, this.size, factor, left, top);
    else this.orbit = nearer(this.orbit, factor);
    this.invalidate();
  }

  #moved(): void {
    this.#touched = true;
    this.#flight = null;
  }

  /** Where a row is on the screen; null if it is not on it or not on the map. */
  placesOf(): (row: number) => [number, number] | null {
    const project = this.dimensions === 3 ? this.scene.projector(this.orbit) : null;
    return (row) => {
      const block = this.points.blockOf(row);
      if (!block) return null;
      const i = row - block.first;
      if (!project) return toScreen(this.frame, this.size, block.flat[2 * i]!, block.flat[2 * i + 1]!);
      const place = block.space && project(block.space[4 * i]!, block.space[4 * i + 1]!, block.space[4 * i + 2]!);
      return place && [place[0], place[1]];
    };
  }

  /** The topic whose label is at a place of the screen. */
  labelAt(left: number, top: number): number | null {
    return labelAt(this.labels, left, top)?.topic ?? null;
  }

  /** The row at a place of the screen: of a thumbnail, else of the nearest point. */
  rowAt(left: number, top: number, reach = REACH): number | null {
    const place = this.placesOf();
    const half = this.shown.side / 2;
    const covered = this.shown.rows.filter((row) => {
      const at = place(row);
      return at && Math.abs(at[0] - left) <= half && Math.abs(at[1] - top) <= half;
    });
    if (covered.length) return covered[0]!;
    if (this.dimensions === 2) {
      const [x, y] = toMap(this.frame, this.size, left, top);
      return this.points.places.nearest(x, y, reach / this.frame.scale, this.points.isLit);
    }
    let best: { row: number; score: number } | null = null;
    this.#eachInSpace((row, x, y, depth) => {
      const distance = Math.hypot(x - left, y - top);
      const score = distance + 20 * depth + (this.points.isLit(row) ? 0 : 100);
      if (distance <= reach && (!best || score < best.score)) best = { row, score };
    });
    return (best as { row: number } | null)?.row ?? null;
  }

  /** The place of the map at a place of the screen. */
  toMap(left: number, top: number): [number, number] {
    return toMap(this.frame, this.size, left, top);
  }

  toScreen(x: number, y: number): [number, number] {
    return toScreen(this.frame, this.size, x, y);
  }

  invalidate(): void {
    if (!this.#request) this.#request = requestAnimationFrame(this.#draw);
  }

  dispose(): void {
    cancelAnimationFrame(this.#request);
    this.#request = -1;
    clearTimeout(this.#settle);
    this.scene.dispose();
  }

  readonly #draw = (now: number): void => {
    this.#request = 0;
    if (this.#flight) {
      const { from, to, since } = this.#flight;
      const part = Math.min(1, Math.max(0, (now - since) / FLIGHT_MS));
      this.frame = between(from, to, part);
      if (part < 1) this.invalidate();
      else this.#flight = null;
    }
    const { count, searched } = this.points;
    const least = fit([0, 0, 65_534, 65_534], this.size).scale;
    const base = Math.min(7, Math.max(1.8, 7 - 1.6 * Math.log10(Math.max(1, count / 1000))));
    const point = this.dimensions === 2 ? Math.min(14, base * Math.max(1, this.frame.scale / least) ** 0.35) : base;
    this.scene.draw(this.dimensions === 2 ? { frame: this.frame } : { orbit: this.orbit }, point, count > 50_000 ? 0.6 : 0.85, searched);
    const labels = thin(this.#candidates(), this.size.width, this.size.height);
    if (labels.length !== this.labels.length || labels.some(({ topic }, i) => topic !== this.labels[i]!.topic)) this.watcher.labels(labels);
    this.labels = labels;
    this.watcher.placed();
    clearTimeout(this.#settle);
    if (!this.#flight) this.#settle = setTimeout(this.#settled, SETTLE_MS);
  };

  *#candidates(): Generator<Candidate> {
    const project = this.dimensions === 3 ? this.scene.projector(this.orbit) : null;
    const middles = project && this.#spaceMiddles();
    for (const [topic, { x, y }] of this.#topics.entries()) {
      const place = !project
        ? this.toScreen(x, y)
        : middles && middles[4 * topic + 3]! > 0 ? project(middles[4 * topic]!, middles[4 * topic + 1]!, middles[4 * topic + 2]!) : null;
      if (place) yield { topic, text: this.#texts[topic]!, left: place[0], top: place[1] };
    }
  }

  /** The mean of each topic's points: x, y, z and how many there are. */
  #spaceMiddles(): Float64Array {
    if (this.#middles) return this.#middles;
    const sums = new Float64Array(4 * this.#topics.length);
    for (const { count, topics, space } of this.points.blocks) {
      for (let i = 0; space && i < count; i++) {
        const at = 4 * topics[i]!;
        if (topics[i]! >= this.#topics.length || space[4 * i] === MISSING) continue;
        for (let axis = 0; axis < 3; axis++) sums[at + axis]! += space[4 * i + axis]!;
        sums[at + 3]!++;
      }
    }
    for (let i = 0; i < sums.length; i += 4) for (let axis = 0; axis < 3; axis++) sums[i + axis]! /= Math.max(1, sums[i + 3]!);
    this.#middles = sums;
    return sums;
  }

  #eachInSpace(use: (row: number, left: number, top: number, depth: number) => void): void {
    const project = this.scene.projector(this.orbit);
    for (const { first, count, space } of this.points.blocks) {
      for (let i = 0; space && i < count; i++) {
        if (space[4 * i] === MISSING && space[4 * i + 1] === MISSING) continue;
        const place = project(space[4 * i]!, space[4 * i + 1]!, space[4 * i + 2]!);
        if (place) use(first + i, ...place);
      }
    }
  }

  readonly #settled = (): void => {
    const { width, height } = this.size;
    const most = Math.min(MOST_THUMBNAILS, Math.ceil((width * height) / 7000));
    let rows: number[] = [];
    let side = 56;
    if (this.dimensions === 2) {
      const box = shownBox(this.frame, this.size);
      const inView = this.points.places.countIn(box, IN_VIEW + 1);
      side = inView <= 30 ? 112 : inView <= 150 ? 84 : 56;
      if (inView <= IN_VIEW) rows = this.points.places.spread(box, (side * 1.15) / this.frame.scale, most, this.points.isLit).map(({ row }) => row);
    } else {
      const near: { row: number; depth: number; lit: boolean }[] = [];
      this.#eachInSpace((row, left, top, depth) => {
        if (depth < CLOSE && left > 0 && top > 0 && left < width && top < height && near.length <= IN_VIEW) near.push({ row, depth, lit: this.points.isLit(row) });
      });
      if (near.length <= IN_VIEW) rows = near.sort((a, b) => Number(b.lit) - Number(a.lit) || a.depth - b.depth).slice(0, most / 2).map(({ row }) => row);
    }
    const same = rows.length === this.shown.rows.length && side === this.shown.side && rows.every((row, i) => row === this.shown.rows[i]);
    if (same) return;
    this.shown = { rows, side };
    this.watcher.thumbnails(this.shown);
  };
}
