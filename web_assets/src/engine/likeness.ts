/**
 * How similar the rows of a collection are to a query, on one scale for pictures and texts (docs/QUERY.md, "Relevance"). The twin of
 * builder/imagedb_site/query/likeness.py.
 */
import type { Mask } from "./mask";
import { both, without } from "./mask";
import { merged, type Near, type Nearest } from "./nearest";
import { scaleOf, type Calibration, type Scale } from "./relevance";

/** Fewer rows of a kind than this have no background of their own: that of all rows is taken. */
const FEW = 32;

/** The scales of the rows that have the embedding of a picture and of a text; null for a kind that the collection does not have. */
interface Scales {
  pictures: Scale | null;
  texts: Scale | null;
}

const known = new WeakMap<Nearest, WeakMap<Float32Array, Scales>>();

export class Likeness {
  private scales: Scales = { pictures: null, texts: null };
  /** Fulfilled when the limit is known. */
  readonly ready: Promise<void>;

  private constructor(private readonly nearest: Nearest, private readonly vector: Float32Array, scales: Promise<Scales> | null, private readonly guessed: boolean) {
    this.ready = Promise.resolve(scales).then((known) => { if (known) this.scales = known; });
    // A search for the vector reports the failure.
    this.ready.catch(() => undefined);
  }

  /**
   * @param vector float32 [dim]
   * @param pictured whether a picture is part of the query
   * @param guessed the model does not know the words of the query, so nothing is likely
   * @param calibration null without a model: then nothing is likely
   */
  static of(nearest: Nearest, vector: Float32Array, pictured: boolean, calibration: Calibration | null, guessed = false): Likeness {
    return new Likeness(nearest, vector, calibration && scalesOf(nearest, vector, pictured, calibration), guessed);
  }

  /** The similarity from which a row is a likely match; null if nothing is. Known when `ready` is, and after a search. */
  get limit(): number | null {
    const scale = this.scales.pictures ?? this.scales.texts;
    return scale && (this.guessed ? Infinity : scale.start + scale.step);
  }

  /** The `k` most similar rows. @throws the signal's reason on abort */
  async search(k: number, mask: Mask | null, signal?: AbortSignal): Promise<Near> {
    const { nearest, vector } = this;
    // What the scales need is loaded beside the search.
    const search = nearest.texts ? null : nearest.search(vector, k, mask, signal);
    const [found] = await Promise.all([search, this.ready]);
    const { mixed } = this;
    if (!mixed) return found ?? await nearest.search(vector, k, mask, signal);
    const pictures = await nearest.search(vector, k, both(mask, without(nearest.known, mixed, nearest.count)), signal);
    const texts = await nearest.search(vector, k, both(mask, mixed), signal);
    return merged(pictures, { ...texts, similarities: texts.similarities.map((similarity) => this.moved(similarity)) }, k);
  }

  /** The cosine of each of the rows: what people see, whatever the order follows from. */
  cosines(rows: ArrayLike<number>): Promise<Float64Array> {
    return this.nearest.similarities(this.vector, rows);
  }

  /** All likely matches, in any order. */
  async likely(): Promise<readonly number[] | Uint32Array> {
    await this.ready;
    const { limit, nearest, vector, mixed } = this;
    if (limit === null) return [];
    if (!mixed) return await nearest.above(vector, limit);
    const { pictures, texts } = this.scales;
    const above = ({ start, step }: Scale, mask: Mask) => nearest.above(vector, this.guessed ? Infinity : start + step, mask);
    const found = await Promise.all([above(pictures!, without(nearest.known, mixed, nearest.count)), above(texts!, mixed)]);
    return found.flatMap((rows) => [...rows]);
  }

  /** The rows of texts, if the collection has both kinds and a scale for each. */
  private get mixed(): Mask | null {
    return this.scales.pictures && this.scales.texts && this.nearest.texts;
  }

  /** The similarity of a text on the scale of pictures: background on background, the first likely matches on the others. */
  private moved(similarity: number): number {
    const [pictures, texts] = [this.scales.pictures!, this.scales.texts!];
    return pictures.start + (similarity - texts.start) * (pictures.step / texts.step);
  }
}

async function scalesOf(nearest: Nearest, vector: Float32Array, pictured: boolean, { temperature, level }: Calibration): Promise<Scales> {
  const before = known.get(nearest) ?? new WeakMap<Float32Array, Scales>();
  known.set(nearest, before);
  const found = before.get(vector);
  if (found) return found;
  const [pictures, texts] = await Promise.all([nearest.background(vector, false), nearest.background(vector, true)]);
  const every = new Float64Array([...pictures, ...texts]);
  const scale = (own: Float64Array, ofTexts: boolean): Scale | null =>
    (own.length ? scaleOf(own.length < FEW ? every : own, { temperature, level: pictured ? null : level }, ofTexts) : null);
  const scales = { pictures: scale(pictures, false), texts: scale(texts, !pictured) };
  before.set(vector, scales);
  return scales;
}
