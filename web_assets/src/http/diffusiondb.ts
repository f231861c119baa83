/** The addresses of diffusiondb-api, for any collection. The twin of builder/imagedb_site/http_api/diffusiondb.py. */
import { own } from "../base/own";
import { SyntaxProblem } from "../catalog/index";
import { split } from "../engine/query/index";
import type { Json } from "./images";
import { ApiError, type Values } from "./request";
import type { State } from "./state";

/** The fields that may have what `p`, `se`, `c`, `st` and `sa` are; the first one counts. */
const TEXTS = ["prompt", "caption", "title", "description", "headline", "alt", "annotation"];
const OTHERS = [["seed"], ["cfg", "cfg_scale", "guidance"], ["step", "steps"], ["sampler"]];

export function root({ mount }: State): Json {
  return { search: `${mount}search?q=your+query&l=10`, stats: `${mount}stats`, api: `${mount}api` };
}

export async function promptSearch(state: State, given: Values): Promise<Json> {
  const { engine } = state;
  const text = ((given.get("q") as string | null) ?? "").replace(/^[ \t\n\r]+|[ \t\n\r]+$/g, "");
  const l = given.get("l") as number;
  if (!text) return { error: "query is empty" };
  let rows: Uint32Array;
  try {
    ({ rows } = await (await engine.site.catalog()).match(text));
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    throw new ApiError(400, "q is not a full-text expression", { suggestion: split(text.replaceAll('"', " ")).map((word) => `"${word}"`).join(" ") });
  }
  const [p, se, c, st, sa] = [TEXTS, ...OTHERS].map((names, i) => fieldName(state, names) ?? (i ? null : firstText(state)));
  const results = await Promise.all(Array.from(rows.subarray(0, l), async (row) => {
    const { path, fields } = await engine.site.document(row);
    const value = (name: string | null | undefined) => (name ? scalar(own(fields, name)) : null);
    return { id: stem(path), p: value(p), se: value(se), c: value(c), st: value(st), sa: value(sa) };
  }));
  return { results, l, q: text };
}

export function promptStats({ count, changed }: State): Json {
  return { count, mtime: changed };
}

/** The first of these names that the collection has. */
function fieldName({ engine }: State, names: readonly string[]): string | null {
  const known = new Set(engine.manifest.fields.map(({ name }) => name));
  return names.find((name) => known.has(name)) ?? null;
}

/** The first text field that is not about the file. */
function firstText({ engine }: State): string | null {
  return engine.manifest.fields.find(({ name, type }) => type === "text" && name !== "name" && name !== "file")?.name ?? null;
}

/** A value as one text, number or boolean; null if it is missing. */
export function scalar(value: unknown): unknown {
  return Array.isArray(value) ? value.join(", ") : value ?? null;
}

/** The name of a file without its folder and its suffix. */
function stem(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(0, dot) : name;
}
