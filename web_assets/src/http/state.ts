/** What the addresses of the API need from a collection. The twin of builder/imagedb_site/http_api/state.py. */
import { shuffled, split, type Part } from "../base/batches";
import { definitionOf, type Definition } from "../base/definition";
import type { Engine } from "../engine/index";
import { ApiError } from "./request";
import { PARTS } from "./table";

export interface Split {
  definition: Definition;
  rows: Record<Part, number[]>;
  count: Record<Part, number>;
}

/** How many splits are kept. */
const KEPT = 4;

/** One open site, and the splits that were asked for last. */
export class State {
  private idBytes: Promise<Uint8Array> | null = null;
  private readonly splits = new Map<string, Split>();

  /**
   * @param mount the path of the site's folder
   * @param changed when its manifest was, in ISO 8601; null if the host does not say
   */
  constructor(readonly engine: Engine, readonly mount: string, readonly changed: string | null) {}

  get count(): number {
    return this.engine.site.count;
  }

  get hash(): string {
    return this.engine.site.manifest.collection.hash;
  }

  /** The rows of a random sample. */
  async sample(size: number, seed: number, text: string, start: number, end: number | null): Promise<number[]> {
    const matching = text.trim() ? await this.engine.matching({ text }) : null;
    const last = Math.min(end ?? this.count, this.count);
    const rows = matching
      ? matching.filter((row) => row >= start - 1 && row < last)
      : Uint32Array.from({ length: Math.max(0, last - start + 1) }, (_, i) => start - 1 + i);
    return shuffled(await this.ids(), rows, seed).slice(0, size);
  }

  /** The rows of a page, from 1. Throws ApiError if there is no such page. */
  page(number: number, size: number, what: string): number[] {
    const total = Math.ceil(this.count / size);
    if (number > total) throw new ApiError(404, `There is no ${what} ${number}: ${span(total, 1)}.`);
    const first = (number - 1) * size;
    return Array.from({ length: Math.min(size, this.count - first) }, (_, i) => first + i);
  }

  /** The batches of an id. Throws ApiError if it is not an id of this collection. */
  async batches(id: string): Promise<Split> {
    const known = this.splits.get(id);
    if (known) return known;
    const definition = definitionOf(id, this.hash);
    if (!definition) throw new ApiError(404, `This collection has no batches ${cut(id, 80)}.`);
    const { size, validation, test, seed } = definition;
    const rows = split(await this.ids(), { validation: validation / 100, test: test / 100, seed });
    const count = (part: Part): number => Math.ceil(rows[part].length / size);
    const made = { definition, rows, count: { train: count("train"), validation: count("validation"), test: count("test") } };
    this.splits.set(id, made);
    if (this.splits.size > KEPT) this.splits.delete([...this.splits.keys()][0]!);
    return made;
  }

  /** The rows of a batch, from 0. Throws ApiError if there is no such batch. */
  async batch(inside: ReadonlyMap<string, string>): Promise<number[]> {
    const { definition: { size }, rows, count } = await this.batches(inside.get("batches")!);
    const [part, number] = [inside.get("part")!, inside.get("n")!];
    if (!isPart(part)) throw new ApiError(404, `There is no part ${cut(part, 40)}, only ${PARTS.join(", ")}.`);
    if (!/^[0-9]{1,15}$/.test(number) || Number(number) >= count[part]) {
      throw new ApiError(404, `There is no ${part} batch ${cut(number, 40)}: ${span(count[part] - 1, 0)}.`);
    }
    const first = Number(number) * size;
    return rows[part].slice(first, first + size);
  }

  private ids(): Promise<Uint8Array> {
    this.idBytes ??= this.engine.ids().catch((error: unknown) => {
      this.idBytes = null;
      throw error;
    });
    return this.idBytes;
  }
}

function isPart(part: string): part is Part {
  return PARTS.includes(part);
}

/** Which numbers there are. */
export function span(last: number, first: number): string {
  return last >= first ? `the numbers are ${first} to ${last}` : "there are none";
}

/** The first characters of a text, as code points. */
export function cut(text: string, most: number): string {
  return [...text.slice(0, 2 * most)].slice(0, most).join("");
}
