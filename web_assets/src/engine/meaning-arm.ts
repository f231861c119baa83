/** The meaning arm: one query vector from all terms, and the rows nearest to it. */
import { DeviceError } from "../encoder/index";
import { QueryError } from "./errors";
import { Shared } from "./lru";
import { Likeness } from "./likeness";
import { has, maskOf, type Mask } from "./mask";
import type { Nearest } from "./nearest";
import type { Plan, Term } from "./plan";
import { wordsOf } from "./query/index";
import type { Resources } from "./resources";
import { isStrange } from "./strange";
import { lexiconOf } from "./suggest/lexicons";

/** Factor on the weight of a negative term, whose likely matches are excluded as well. */
const NEGATIVE_WEIGHT = 0.25;
const REMEMBERED_TEXTS = 256;

/** The embedding of a text; null if the model knows nothing of it. */
type Encode = (text: string) => Promise<Float32Array | null>;

export class MeaningArm {
  private readonly texts = new Shared<Float32Array | null>(REMEMBERED_TEXTS);

  constructor(private readonly resources: Resources) {}

  /** Whether everything that a plan's query vector needs is loaded. */
  ready(plan: Plan): boolean {
    return plan.terms.every((term) => term.kind !== "text" || this.texts.has(term.text) || (this.resources.encoder()?.ready ?? false));
  }

  /** The unit vector of all terms that the model knows, float32 [dim]; null if there are none or they cancel out. */
  async query(plan: Plan): Promise<Float32Array | null> {
    return await this.combine(plan, (text) => this.text(text));
  }

  /** The texts in which the model knows no word. */
  async unknown({ terms }: Plan): Promise<string[]> {
    const texts = terms.flatMap((term) => (term.kind === "text" && wordsOf(term.text).length ? [term.text] : []));
    const found = await Promise.all(texts.map((text) => this.text(text)));
    return texts.filter((_, i) => !found[i]);
  }

  /** The texts that results should be near to, whose language or script the model does not know. */
  async strange({ terms }: Plan): Promise<string[]> {
    const { resources } = this;
    const encoder = resources.encoder();
    const texts = terms.flatMap((term) => (encoder && term.kind === "text" && term.weight > 0 ? [term.text] : []));
    const found = await Promise.all(texts.map((text) => isStrange(text, {
      list: () => resources.modelWords(), listed: (words, word) => lexiconOf(words).has(word), split: (words) => encoder!.split(words),
    })));
    return texts.filter((_, i) => found[i]);
  }

  /** Whether rows are excluded by meaning, so that every answer needs the model. */
  excludes({ terms }: Plan): boolean {
    return this.resources.calibration !== null && terms.some(({ weight }) => weight <= -1);
  }

  /** The likely matches of the negative terms with a weight of −1 or less; null if there are no such terms. */
  async unwanted(plan: Plan): Promise<Mask | null> {
    const { calibration, count } = this.resources;
    const terms = plan.terms.filter(({ weight }) => weight <= -1);
    if (!terms.length || !calibration) return null;
    const nearest = await this.resources.nearest();
    const rows = await Promise.all(terms.map(async (term) => {
      const vector = await this.vector(term, (text) => this.text(text));
      return vector ? await (await likenessOf(this.resources, nearest, [term], vector)).likely() : [];
    }));
    return maskOf(rows.flatMap((some) => [...some]), count);
  }

  /** The query vector without the text tower; null if the model has no static rows or knows nothing of the texts. */
  async approximate(plan: Plan): Promise<Float32Array | null> {
    const encoder = this.resources.encoder();
    if (!this.resources.manifest.model?.static || !encoder) return null;
    return await this.combine(plan, (text) => encoder.approximate(text));
  }

  /** Why texts are compared by static rows alone; null if they are not. */
  limited: DeviceError | null = null;

  private text(text: string): Promise<Float32Array | null> {
    const encoder = this.resources.encoder();
    if (!encoder) throw new QueryError("This collection has no model, so texts can only be searched by words.");
    return this.texts.get(text, () => encoder.encodeQuery(text).catch((error: unknown) => {
      if (!(error instanceof DeviceError) || !this.resources.manifest.model?.static) throw error;
      this.limited = error;
      return encoder.approximate(text);
    }));
  }

  private async combine(plan: Plan, encode: Encode): Promise<Float32Array | null> {
    const all = await Promise.all(plan.terms.map(async (term) => ({ weight: term.weight, vector: await this.vector(term, encode) })));
    const known = all.flatMap(({ weight, vector }) => (vector ? [{ weight, vector }] : []));
    if (known.length === 1 && known[0]!.weight > 0) return known[0]!.vector;
    const sum = new Float64Array(known[0]?.vector.length ?? 0);
    known.forEach(({ weight, vector }) => {
      const factor = weight > 0 ? weight : weight * NEGATIVE_WEIGHT;
      for (let d = 0; d < sum.length; d++) sum[d]! += factor * vector[d]!;
    });
    return unit(sum);
  }

  private async vector(term: Term, encode: Encode): Promise<Float32Array | null> {
    if (term.kind === "text") return await encode(term.text);
    if (term.kind === "embedding") return term.embedding;
    const [row, nearest] = await Promise.all([this.resources.rowOf(term.id), this.resources.nearest()]);
    if (row === null) throw new QueryError(`The collection has no image ${term.id.slice(0, 40)}.`);
    const embedding = await nearest.embeddings([row]);
    return unit(embedding);
  }
}

/** How similar the rows are to the vector of some terms. */
export async function likenessOf(resources: Resources, nearest: Nearest, terms: readonly Term[], vector: Float32Array, guessed = false): Promise<Likeness> {
  const { texts } = nearest;
  const pictured = await Promise.all(terms.map(async (term) => {
    if (term.kind !== "like" || !texts) return term.kind !== "text";
    const row = await resources.rowOf(term.id);
    return row === null || !has(texts, row);
  }));
  return Likeness.of(nearest, vector, pictured.includes(true), resources.calibration, guessed);
}

function unit(vector: ArrayLike<number>): Float32Array | null {
  let sum = 0;
  for (let d = 0; d < vector.length; d++) sum += vector[d]! * vector[d]!;
  const norm = Math.sqrt(sum);
  return norm > 1e-9 ? Float32Array.from(vector, (value) => value / norm) : null;
}

