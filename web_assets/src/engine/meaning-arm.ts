/** The meaning arm: one query vector from all terms, and the rows nearest to it. */
import { QueryError } from "./errors";
import { Shared } from "./lru";
import { maskOf, type Mask } from "./mask";
import type { Plan, Term } from "./plan";
import { likelyFrom } from "./relevance";
import type { Resources } from "./resources";

/** Factor on the weight of a negative term, whose likely matches are excluded as well. */
const NEGATIVE_WEIGHT = 0.25;
const REMEMBERED_TEXTS = 256;

export class MeaningArm {
  private readonly texts = new Shared<Float32Array>(REMEMBERED_TEXTS);

  constructor(private readonly resources: Resources) {}

  /** Whether everything that a plan's query vector needs is loaded. */
  ready(plan: Plan): boolean {
    return plan.terms.every((term) => term.kind !== "text" || this.texts.has(term.text) || (this.resources.encoder()?.ready ?? false));
  }

  /** The unit vector of all terms, float32 [dim]; null if they cancel out. */
  async query(plan: Plan): Promise<Float32Array | null> {
    return await this.combine(plan, (text) => this.text(text));
  }

  /** The likely matches of the negative terms with a weight of −1 or less; null if there are no such terms. */
  async unwanted(plan: Plan): Promise<Mask | null> {
    const { temperature, count } = this.resources;
    const terms = plan.terms.filter(({ weight }) => weight <= -1);
    if (!terms.length || temperature === null) return null;
    const nearest = await this.resources.nearest();
    const rows = await Promise.all(terms.map(async (term) => {
      const vector = await this.vector(term, (text) => this.text(text));
      return await nearest.above(vector, await likelyFrom(nearest, vector, temperature));
    }));
    return maskOf(rows.flatMap((some) => [...some]), count);
  }

  /** The query vector from precomputed word embeddings; null if they do not cover the texts. */
  async approximate(plan: Plan): Promise<Float32Array | null> {
    const vocabulary = await this.resources.vocabulary();
    if (!vocabulary) return null;
    const texts = plan.terms.flatMap((term) => (term.kind === "text" ? [[term.text, vocabulary.encode(term.text)] as const] : []));
    if (texts.some(([, embedding]) => !embedding)) return null;
    const known = new Map(texts);
    return await this.combine(plan, (text) => Promise.resolve(known.get(text)!));
  }

  private text(text: string): Promise<Float32Array> {
    const encoder = this.resources.encoder();
    if (!encoder) throw new QueryError("This collection has no model, so texts can only be searched by words.");
    return this.texts.get(text, () => encoder.encodeText(text));
  }

  private async combine(plan: Plan, encode: (text: string) => Promise<Float32Array>): Promise<Float32Array | null> {
    const { terms } = plan;
    const vectors = await Promise.all(terms.map((term) => this.vector(term, encode)));
    if (terms.length === 1 && terms[0]!.weight > 0) return vectors[0]!;
    const sum = new Float64Array(vectors[0]?.length ?? 0);
    vectors.forEach((vector, i) => {
      const { weight } = terms[i]!;
      const factor = weight > 0 ? weight : weight * NEGATIVE_WEIGHT;
      for (let d = 0; d < sum.length; d++) sum[d]! += factor * vector[d]!;
    });
    return unit(sum);
  }

  private async vector(term: Term, encode: (text: string) => Promise<Float32Array>): Promise<Float32Array> {
    if (term.kind === "text") return await encode(term.text);
    if (term.kind === "embedding") return term.embedding;
    const [row, nearest] = await Promise.all([this.resources.rowOf(term.id), this.resources.nearest()]);
    if (row === null) throw new QueryError(`The collection has no image ${term.id.slice(0, 40)}.`);
    const embedding = await nearest.embeddings([row]);
    return unit(embedding) ?? new Float32Array(nearest.dim);
  }
}

function unit(vector: ArrayLike<number>): Float32Array | null {
  let sum = 0;
  for (let d = 0; d < vector.length; d++) sum += vector[d]! * vector[d]!;
  const norm = Math.sqrt(sum);
  return norm > 1e-9 ? Float32Array.from(vector, (value) => value / norm) : null;
}

