/** The addresses of danbooru-meta-api, for any collection. The twin of builder/imagedb_site/http_api/danbooru.py. */
import { DEFAULTS, definitionId, invalid, MOST_PER_BATCH } from "../base/definition";
import { own } from "../base/own";
import { ownValues } from "../engine/data/stats";
import type { TagTable } from "../engine/data/tags";
import { scalar } from "./diffusiondb";
import type { Json } from "./images";
import { ApiError, whole, type Values } from "./request";
import { cut, span, type State } from "./state";

/** The numbers of the tags fields; all others are 0, the general tags. */
const CATEGORIES = new Map([["artist", 1], ["copyright", 3], ["character", 4], ["meta", 5]]);

export async function stat(state: State): Promise<Json> {
  const [ratings, tags] = await Promise.all([ratingsOf(state), state.engine.tagTable()]);
  return { num_posts: state.count, num_ratings: ratings, num_tags: tags.size };
}

/** How many different values the field `rating` has. */
async function ratingsOf({ engine }: State): Promise<number> {
  if (!engine.manifest.fields.some(({ name, column }) => name === "rating" && column)) return 0;
  const source = await engine.site.columnSource("rating");
  const column = await source.whole();
  if (column.kind !== "number") return source.values ? source.values.count : (await ownValues(source)).length;
  const values = new Set<number>();
  for (const value of column.values) if (value !== column.missing && !Number.isNaN(value)) values.add(value);
  return values.size;
}

export async function tag(state: State, number: string): Promise<Json> {
  const tags = await state.engine.tagTable();
  const found = /^[0-9]+$/.test(number) ? tags.get(Number(number)) : null;
  if (!found) throw new ApiError(404, `There is no tag ${cut(number, 40)}: ${span(tags.greatest, tags.least)}.`);
  return { id: found.id, name: found.name, category: CATEGORIES.get(found.category) ?? 0 };
}

export async function postsRandom(state: State, given: Values): Promise<Json> {
  const seed = given.get("seed") as number | null ?? crypto.getRandomValues(new Uint32Array(1))[0]!;
  return await postsOf(state, await state.sample(given.get("size") as number, seed, "", given.get("start") as number, given.get("end") as number | null));
}

export async function posts(state: State, given: Values): Promise<Json> {
  return await postsOf(state, state.page(given.get("batch_number") as number, given.get("batch_size") as number, "batch"));
}

export function batchNew(state: State, body: ReadonlyMap<string, unknown>): Json {
  const size = whole(body.get("batch_size"), DEFAULTS.size);
  const seed = whole(body.get("seed"), DEFAULTS.seed);
  if (!Number.isInteger(size) || size < 1 || size > MOST_PER_BATCH) throw new ApiError(400, `batch_size must be a whole number from 1 to ${MOST_PER_BATCH}.`);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) throw new ApiError(400, "seed must be a whole number from 0 to 4294967295.");
  const definition = {
    size, seed, validation: whole(body.get("validation_split"), DEFAULTS.validation), test: whole(body.get("test_split"), DEFAULTS.test),
  };
  if (invalid(definition) !== null) {
    throw new ApiError(400, "validation_split and test_split must be per cent, from 0 to 100 with at most 3 decimals, and at most 100 together.");
  }
  return { id: definitionId(definition, state.hash) };
}

export function batchList(state: State): Json {
  return { id: [definitionId(DEFAULTS, state.hash)] };
}

export async function batchInfo(state: State, id: string): Promise<Json> {
  const { count: { train, validation, test } } = await state.batches(id);
  return { total_batches: train + validation + test, train_batches: train, validation_batches: validation, test_batches: test };
}

export async function batch(state: State, inside: ReadonlyMap<string, string>): Promise<Json> {
  return await postsOf(state, await state.batch(inside));
}

async function postsOf(state: State, rows: readonly number[]): Promise<Json> {
  const tags = await state.engine.tagTable();
  const result = await Promise.all(rows.map((row) => post(state, row, tags)));
  return { count: result.length, result };
}

async function post({ engine }: State, row: number, tags: TagTable): Promise<Json> {
  const { path, width, height, fields } = await engine.site.document(row);
  const text = (name: string): string | null => {
    const value = scalar(own(fields, name));
    return typeof value === "string" ? value : null;
  };
  const number = (name: string): number | null => {
    const value = own(fields, name);
    return typeof value === "number" ? value : null;
  };
  const given = number("post_id");
  const id = given !== null && Number.isInteger(given) ? given : row + 1;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  const extension = text("file_ext") || (dot > 0 ? name.slice(dot + 1).toLowerCase() : "") || null;
  return {
    id: row + 1, post_id: id, md5: text("md5"), rating: text("rating"), width: width || number("width") || 0, height: height || number("height") || 0,
    file_ext: extension, file_size: number("file_size"), source: text("source") ?? "", pixiv_id: number("pixiv_id") ?? 0,
    location: `${((id % 1000) + 1000) % 1000}/${id}${extension === null ? "" : `.${extension}`}`,
    tags: engine.manifest.fields.flatMap(({ name, type }) => {
      const names = own(fields, name);
      return type === "tags" && Array.isArray(names) ? tags.idsOf(name, names) : [];
    }),
  };
}
