/** The meaning arm: one query vector from all terms, and the rows nearest to it. */
import type { Similarities } from "../kernel/index";
import { QueryError } from "./errors";
import { Shared } from "./lru";
import { maskOf, type Mask } from "./mask";
import type { Plan, Term } from "./plan";
import { likelyFrom } from "./relevance";
import type { Resources } from "./resources";

/** Factor on the weight of a term to be far from, whose likely matches are excluded besides. */
const NEGATIVE_WEIGHT = 0.25;
const REMEMBERED_TEXTS = 256;

export class MeaningArm {
  private readonly texts = new Shared<Float32Array>(REMEMBERED_TEXTS);

  constructor(private readonly resources: Resources) {}

  /** Whether a plan's query vector needs nothing that is still to be loaded. */
  ready(plan: Plan): boolean {
    return plan.terms.every((term) => term.kind !== "text" || this.texts.has(term.text) || (this.resources.encoder()?.ready ?? false));
  }

  /** The unit vector of all terms, float32 [dim]; null where they cancel out. */
  async query(plan: Plan): Promise<Float32Array | null> {
    return await this.combine(plan, (text) => this.text(text));
  }

  /** The likely matches of the terms to be far from with their whole weight or more; null where there are none. */
  async unwanted(plan: Plan): Promise<Mask | null> {
    const { temperature, count } = this.resources;
    const terms = plan.terms.filter(({ weight }) => weight <= -1);
    if (!terms.length || temperature === null) return null;
    const index = await this.resources.similarity();
    const vectors = await Promise.all(terms.map((term) => this.vector(term, (text) => this.text(text))));
    const rows = vectors.map((vector) => rowsFrom(index, vector, likelyFrom(index, vector, temperature)));
    return maskOf(rows.flatMap((some) => [...some]), count);
  }

  /** The same from precomputed word embeddings; null where they do not cover the texts. */
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
    if (!encoder) throw new QueryError("This collection has no model: texts can only be searched by words.");
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
    const [ids, index] = await Promise.all([this.resources.ids(), this.resources.similarity()]);
    const row = ids.rowOf(term.id);
    if (row === null) throw new QueryError(`The collection has no image ${term.id.slice(0, 40)}.`);
    return unit(index.embedding(row)) ?? new Float32Array(index.dim);
  }
}

/** All rows at least so similar. */
function rowsFrom(index: Similarities, vector: Float32Array, limit: number): Uint32Array {
  for (let k = 1024; ; k *= 4) {
    const { rows, similarities } = index.search(vector, Math.min(k, index.count));
    const end = similarities.findIndex((similarity) => similarity < limit);
    if (end >= 0) return rows.subarray(0, end);
    if (rows.length >= index.count) return rows;
  }
}

function unit(vector: ArrayLike<number>): Float32Array | null {
  let sum = 0;
  for (let d = 0; d < vector.length; d++) sum += vector[d]! * vector[d]!;
  const norm = Math.sqrt(sum);
  return norm > 1e-9 ? Float32Array.from(vector, (value) => value / norm) : null;
}

