/** What a request asks for: its text in the query language (docs/QUERY.md), and what it adds beside it. */
import { QueryError } from "./errors";
import { findField, parse, planQuery, type QueryPlan } from "./query/index";
import type { Manifest, Mode, Notice, SearchRequest, Sort, WeightedEmbedding } from "./types";

/** Something to be near (`weight` > 0) or far from (< 0) in the meaning arm. */
export type Term =
  | { kind: "text"; text: string; weight: number }
  | { kind: "like"; id: string; weight: number }
  | { kind: "embedding"; embedding: Float32Array; weight: number };

export interface Plan {
  mode: Mode;
  text: QueryPlan;
  terms: Term[];
  sort: Sort | null;
  offset: number;
  k: number;
  /** How many results there are at most, where the text says so. */
  limit: number;
  /** Whether to look for results that show the same picture. */
  group: boolean;
  /** Whether the answer holds what the grid needs of each result. */
  infos: boolean;
  /** Whether conditions say where the results end, beside the ranking. */
  bounded: boolean;
  notices: Notice[];
}

const MAX_RESULTS = 100_000;
const DEFAULT_K = 20;

/**
 * Check a request and split it into its parts.
 * @param expressions false takes the text for no FTS5 expression: for one that was refused
 * @throws QueryError for a request that makes no sense
 */
export function makePlan(request: SearchRequest, manifest: Manifest, expressions = true): Plan {
  const { mode, offset = 0, like = [], embeddings = [] } = request;
  const query = parse(request.text ?? "", { expressions });
  const k = request.k ?? query.k ?? DEFAULT_K;
  if (mode !== "all" && mode !== "meaning" && mode !== "words") throw new QueryError(`“${String(mode)}” is no mode of searching.`);
  if (!Number.isInteger(k) || k < 0 || k > MAX_RESULTS) throw new QueryError(`k must be a whole number up to ${MAX_RESULTS}.`);
  if (!Number.isInteger(offset) || offset < 0) throw new QueryError("offset must be a whole number.");
  const text = planQuery(query, manifest.fields, manifest.catalog.columns);
  const { sort, notices } = sorting(text, request.sort, manifest);
  // Only the words arm is asked: pictures need not be at hand.
  const terms = mode === "words" ? [] : [
    ...text.terms.map((term): Term => {
      if (term.kind === "text") return { kind: "text", text: term.value, weight: term.weight };
      if (term.kind === "like") return { kind: "like", id: term.value, weight: term.weight };
      return { kind: "embedding", embedding: picture(request, term.value), weight: term.weight };
    }),
    ...like.map((id): Term => ({ kind: "like", id, weight: 1 })),
    ...embeddings.map((given): Term => ({ kind: "embedding", ...weighted(given) })),
  ];
  const bounded = text.filters.length + text.required.length + (request.filters?.length ?? 0) > 0;
  const dim = manifest.vectors?.dim;
  for (const term of terms) {
    if (term.kind === "embedding" && term.embedding.length !== dim) {
      throw new QueryError(`A picture's embedding has ${term.embedding.length} dimensions instead of ${dim ?? 0}.`);
    }
    if (!Number.isFinite(term.weight)) throw new QueryError("A weight must be a finite number.");
  }
  return { mode, text, terms, sort, offset, k, limit: query.k ?? Infinity, group: request.group ?? false, infos: request.infos ?? false, bounded, notices };
}

/** Whether a request asks to be near something, so that without any arm there is nothing to show. */
export function wantsRanking({ text }: Plan, { like = [], embeddings = [] }: SearchRequest): boolean {
  return like.length > 0 || embeddings.some((given) => weighted(given).weight > 0) || text.terms.some(({ weight }) => weight > 0);
}

function weighted(given: Float32Array | WeightedEmbedding): WeightedEmbedding {
  return given instanceof Float32Array ? { embedding: given, weight: 1 } : given;
}

function picture({ images = {} }: SearchRequest, name: string): Float32Array {
  const embedding = Object.hasOwn(images, name) ? images[name] : undefined;
  if (!embedding) throw new QueryError(`The picture “${name.slice(0, 80)}” is not at hand. Drop or paste it into the search box.`);
  return embedding;
}

/** The order of the text, before that of the request. */
function sorting({ query }: QueryPlan, asked: Sort | undefined, { fields }: Manifest): { sort: Sort | null; notices: Notice[] } {
  if (query.sort === null) return { sort: asked ?? null, notices: [] };
  const field = findField(query.sort, fields);
  if (field?.column && field.type !== "tags") {
    return { sort: { field: field.name, direction: query.sortDescending ? "descending" : "ascending" }, notices: [] };
  }
  const names = fields.filter(({ column, type }) => column && type !== "tags").map(({ name }) => name).join(", ");
  return { sort: asked ?? null, notices: [{ kind: "sort", message: `Cannot sort by “${query.sort.slice(0, 40)}”, only by: ${names}.` }] };
}
