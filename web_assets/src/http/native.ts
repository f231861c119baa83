/** The native addresses of the API. The twin of builder/imagedb_site/http_api/native.py. */
import { definitionId, invalid } from "../base/definition";
import { planText } from "../engine/plan";
import { parse, type Term } from "../engine/query/index";
import type { Answer } from "../engine/types";
import { images, queryVector, rounded, similarities, type Json } from "./images";
import { ApiError, type Values } from "./request";
import { cut, type State } from "./state";
import { ROUTES } from "./table";

/** How many more results are asked for, so that exact similarities can put them in order. */
const SPARE = 64;
const NOTICES = new Map([
  ["fts-syntax", "The query is not a full-text expression, so its words were searched."],
  ["sort", "The collection cannot be sorted by this name."],
  ["info", "The query contains nothing to search for."],
]);
const NO_TOWER = "This query needs the model for texts or pictures, which the HTTP API does not run. Use mode=words, or like: with nothing but filters.";
const NO_VECTORS = "This collection has no vectors, so images cannot be compared.";

export function apiMap({ engine, mount, count, hash }: State): Json {
  const { title, description, source } = engine.manifest.collection as unknown as Json;
  return {
    title, description, count, hash, source: source ?? null,
    addresses: ROUTES.filter(({ name }) => name !== "map").map(({ method, path }) => `${method} ${mount}${path.slice(1)}`),
    help: `${mount}api/`, openapi: `${mount}api/openapi.json`,
  };
}

interface Ranked {
  terms: Term[];
  k: number | null;
  sort: string | null;
}

export async function search(state: State, given: Values): Promise<Json> {
  const { engine } = state;
  const [text, mode, k, offset] = [given.get("q") as string, given.get("mode"), given.get("k") as number | null, given.get("offset") as number];
  const { fields, catalog } = engine.manifest;
  const query = parse(text);
  const kinds = new Set(planText(query, fields, catalog.columns).terms.map(({ kind }) => kind));
  if (kinds.has("image") || (kinds.has("text") && (kinds.has("like") || mode !== "words"))) throw new ApiError(501, NO_TOWER);
  if (kinds.has("like")) return await rankedLike(state, text, query, given, null);
  const answer = await engine.search({ text, mode: "words", offset, ...(k === null ? {} : { k }) });
  const found = await images(state, answer.results.map(({ row }) => row));
  answer.results.forEach(({ matched }, i) => { found[i]!["matched"] = matched ?? []; });
  return results(text, answer, found);
}

export async function similar(state: State, given: Values): Promise<Json> {
  const id = given.get("id") as string;
  const terms: Term[] = [{ kind: "like", value: id, weight: 1 }];
  return await rankedLike(state, `like:${id}`, { terms, k: null, sort: null }, given, await state.engine.rowOf(id));
}

/** Images ranked by their similarity to others, which is computed exactly for those in question. */
async function rankedLike(state: State, text: string, query: Ranked, given: Values, without: number | null): Promise<Json> {
  const { engine } = state;
  const terms = query.terms.filter(({ kind }) => kind === "like");
  const rows: number[] = [];
  for (const { value } of terms) {
    const row = await engine.rowOf(value);
    if (row === null) throw new ApiError(404, `The collection has no image ${cut(value, 40)}.`);
    rows.push(row);
  }
  if (!engine.manifest.vectors) throw new ApiError(501, NO_VECTORS);
  const vector = await queryVector(state, rows, terms.map(({ weight }) => weight * (weight > 0 ? 1 : 0.25)));
  const offset = given.get("offset") as number;
  const size = (given.get("k") as number | null) ?? query.k ?? 20;
  const end = Math.min(offset + size, query.k ?? offset + size);
  // In a collection of pictures and texts, cosines of both kinds cannot be compared: the order of the search stays.
  const ranked = query.sort === null && engine.manifest.vectors.source !== "both";
  const reach = (query.k === null ? end : offset + size) + (ranked ? SPARE : 0) + (without === null ? 0 : 1);
  const request = without === null ? { text } : { like: [terms[0]!.value] };
  const answer = await engine.search({ ...request, mode: "meaning", k: reach, offset: 0 });
  const found = answer.results.map(({ row }) => row).filter((row) => row !== without);
  const values = await similarities(state, vector, found);
  const order = Array.from(found.keys());
  if (ranked) order.sort((a, b) => values[b]! - values[a]! || found[a]! - found[b]!);
  const page = order.slice(offset, end);
  const shown = await images(state, page.map((at) => found[at]!));
  page.forEach((at, i) => { shown[i]!["similarity"] = rounded(values[at]!); });
  return results(text, answer, shown);
}

function results(text: string, answer: Answer, found: Json[]): Json {
  const notices = answer.notices.flatMap(({ kind, message, suggestion, retry }) => {
    const said = NOTICES.get(kind);
    // A file that could not be loaded is a failure, not part of the answer.
    if (retry) throw new Error(message);
    return said === undefined ? [] : { kind, message: said, ...(suggestion === undefined ? {} : { suggestion }) };
  });
  return { query: text, total: answer.total, results: found, notices };
}

export async function facets(state: State, given: Values): Promise<Json> {
  const { engine } = state;
  const [name, under, text, limit] = [given.get("field") as string, given.get("under") as string | null, given.get("q") as string, given.get("limit") as number];
  const field = engine.manifest.fields.find((one) => one.name === name && one.column);
  if (!field) {
    const known = engine.manifest.fields.filter(({ column }) => column).map(({ name }) => name).join(", ");
    throw new ApiError(400, `The values of “${cut(name, 40)}” cannot be counted. Fields: ${known}.`);
  }
  if (under !== null && field.separator === undefined) throw new ApiError(400, `The values of “${name}” are not paths, so none lies under another.`);
  const found = await engine.facets(name, { text, mode: "words", limit, ...(under === null ? {} : { under }) });
  return { field: name, about: found.some(({ about }) => about), values: found.map(({ value, count }) => ({ value, count })) };
}

export async function documents(state: State, id: string): Promise<Json> {
  const row = await state.engine.rowOf(id);
  if (row === null) throw new ApiError(404, `The collection has no image ${cut(id, 40)}.`);
  return (await images(state, [row]))[0]!;
}

export async function stats({ engine }: State, given: Values): Promise<Json> {
  return { ...await engine.stats({ limit: given.get("limit") as number }) };
}

export async function tags({ engine }: State, given: Values): Promise<Json> {
  return { tags: await engine.tag(given.get("name") as string) };
}

export async function sample(state: State, given: Values): Promise<Json> {
  const rows = await state.sample(
    given.get("size") as number, given.get("seed") as number, given.get("q") as string, given.get("start") as number, given.get("end") as number | null,
  );
  return { count: rows.length, images: await images(state, rows) };
}

export async function pages(state: State, given: Values): Promise<Json> {
  const rows = state.page(given.get("number") as number, given.get("size") as number, "page");
  return { count: rows.length, images: await images(state, rows) };
}

export async function batches(state: State, given: Values): Promise<Json> {
  const [size, validation, test, seed] = ["size", "validation", "test", "seed"].map((name) => given.get(name) as number) as [number, number, number, number];
  const definition = { size, validation, test, seed };
  const reason = invalid(definition);
  if (reason !== null) throw new ApiError(400, reason);
  return await batchInfo(state, definitionId(definition, state.hash));
}

export async function batchInfo(state: State, id: string): Promise<Json> {
  const { definition: { size, validation, test, seed }, rows, count } = await state.batches(id);
  return {
    id, size, validation, test, seed,
    images: { train: rows.train.length, validation: rows.validation.length, test: rows.test.length },
    batches: { train: count.train, validation: count.validation, test: count.test },
  };
}

export async function batch(state: State, inside: ReadonlyMap<string, string>): Promise<Json> {
  const rows = await state.batch(inside);
  return { count: rows.length, images: await images(state, rows) };
}
