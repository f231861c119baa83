/** Answers requests for the addresses of api.json. The twin of builder/imagedb_site/http_api/api.py. */
import * as danbooru from "./danbooru";
import * as diffusiondb from "./diffusiondb";
import type { Json } from "./images";
import * as native from "./native";
import { ApiError, bodyObject, match, queryValues, type Matched, type Values } from "./request";
import type { State } from "./state";
import { LARGEST_BODY } from "./table";

type Answer = Json | Promise<Json>;

const QUERY = new Map<string, (state: State, given: Values) => Answer>([
  ["search", native.search], ["facets", native.facets], ["similar", native.similar], ["stats", native.stats], ["tags", native.tags],
  ["sample", native.sample], ["pages", native.pages], ["batches", native.batches], ["promptSearch", diffusiondb.promptSearch],
  ["postsRandom", danbooru.postsRandom], ["posts", danbooru.posts],
]);
const INSIDE = new Map<string, (state: State, inside: Matched["inside"]) => Answer>([
  ["documents", (state, inside) => native.documents(state, inside.get("id")!)],
  ["batchInfo", (state, inside) => native.batchInfo(state, inside.get("batches")!)],
  ["batch", native.batch],
  ["tag", (state, inside) => danbooru.tag(state, inside.get("tag")!)],
  ["postBatchInfo", (state, inside) => danbooru.batchInfo(state, inside.get("batches")!)],
  ["postBatch", danbooru.batch],
]);
const PLAIN = new Map<string, (state: State) => Answer>([
  ["map", native.apiMap], ["promptStats", diffusiondb.promptStats], ["stat", danbooru.stat], ["postBatchList", danbooru.batchList],
]);

/** Files of the site below `api/`. */
const PAGES = ["api/", "api/index.html", "api/openapi.json"];

/** A request: `path` is below the site and percent-encoded, without its first slash. */
export interface Asked {
  method: string;
  path: string;
  query: string;
  accept: string;
  body(): Promise<Uint8Array>;
}

/** The answer to a request that `isForApi`. `open` gives the site. */
export async function answer(asked: Asked, open: () => Promise<State>): Promise<Response> {
  const response = await whole(asked, open);
  return asked.method === "HEAD" ? new Response(null, response) : response;
}

async function whole(asked: Asked, open: () => Promise<State>): Promise<Response> {
  const { method, path, query } = asked;
  const found = match(method, path);
  if (found === null && path !== "") return reply(404, { error: "There is no such address. See api." });
  if (method === "OPTIONS") return new Response(null, { status: 204, headers: preflight(Array.isArray(found) ? found : ["GET"]) });
  if (Array.isArray(found)) return reply(405, { error: `Only ${allow(found)}.` }, { Allow: allow(found) });
  const key = found?.route.error ?? "error";
  const headers: Record<string, string> = found?.route.name === "postsRandom" && !hasSeed(query) ? { "Cache-Control": "no-store" } : {};
  try {
    const state = await open();
    return reply(200, await (found ? run(state, found, asked) : diffusiondb.root(state)), headers);
  } catch (error) {
    if (error instanceof ApiError) return reply(error.status, { [key]: error.message, ...error.more });
    return reply(500, { [key]: "A file of the site cannot be read." });
  }
}

/** Whether a request is for the API. */
export function isForApi({ method, path, accept }: Pick<Asked, "method" | "path" | "accept">): boolean {
  if (path === "") return (method === "GET" || method === "HEAD") && accept.includes("application/json") && !accept.includes("text/html");
  return match(method, path) !== null || (path.startsWith("api/") && !PAGES.includes(path));
}

async function run(state: State, { route, inside }: Matched, asked: Asked): Promise<Json> {
  const { name } = route;
  if (INSIDE.has(name)) return await INSIDE.get(name)!(state, inside);
  if (QUERY.has(name)) return await QUERY.get(name)!(state, queryValues(route, asked.query));
  if (!route.body) return await PLAIN.get(name)!(state);
  const content = await asked.body();
  if (content.length > LARGEST_BODY) throw new ApiError(413, `The body may have at most ${LARGEST_BODY} bytes.`);
  return danbooru.batchNew(state, bodyObject(content));
}

function hasSeed(query: string): boolean {
  return query.split("&").some((part) => part.startsWith("seed=") && part !== "seed=");
}

/** The methods of an address as a header says them. */
function allow(methods: readonly string[]): string {
  return [...methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])), "OPTIONS"].join(", ");
}

function preflight(methods: readonly string[]): Record<string, string> {
  return {
    "Allow": allow(methods), "Access-Control-Allow-Methods": allow(methods), "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Max-Age": "600", "Access-Control-Allow-Origin": "*",
  };
}

/** An answer in JSON. Only good ones may be kept. */
function reply(status: number, value: Json, headers: Record<string, string> = {}): Response {
  const content = new TextEncoder().encode(JSON.stringify(value));
  return new Response(content, {
    status,
    headers: {
      "Cache-Control": status === 200 ? "public, max-age=600" : "no-store", "Content-Type": "application/json", "Content-Length": String(content.length),
      "X-Content-Type-Options": "nosniff", "Access-Control-Allow-Origin": "*", ...headers,
    },
  });
}
