/** From a request to a route with checked parameters. The twin of builder/imagedb_site/http_api/request.py. */
import { LONGEST_QUERY, ROUTES, type Parameter, type Route } from "./table";

/** An answer other than 200: a status and a message, with more keys of the JSON object in `more`. */
export class ApiError extends Error {
  constructor(readonly status: number, message: string, readonly more: Record<string, unknown> = {}) {
    super(message);
  }
}

/** A route, and the parts of the path that are its parameters. */
export interface Matched {
  route: Route;
  inside: ReadonlyMap<string, string>;
}

export type Values = ReadonlyMap<string, string | number | null>;

/**
 * The route of a path below the site, percent-encoded. A list has the methods of an address that does not have this one. Null: not an
 * address of the API.
 */
export function match(method: string, path: string): Matched | string[] | null {
  let parts: string[];
  try {
    parts = path.split("/").map(decodeURIComponent);
  } catch {
    return null;
  }
  const wanted = method === "HEAD" ? "GET" : method;
  const allowed: string[] = [];
  for (const route of ROUTES) {
    const inside = insideOf(route, parts);
    if (!inside) continue;
    if (route.method === wanted) return { route, inside };
    allowed.push(route.method);
  }
  return allowed.length ? allowed : null;
}

function insideOf({ parts: own }: Route, parts: readonly string[]): Map<string, string> | null {
  if (own.length !== parts.length) return null;
  const found = new Map<string, string>();
  for (const [i, part] of own.entries()) {
    if (part.startsWith("{")) found.set(part.slice(1, -1), parts[i]!);
    else if (part !== parts[i]) return null;
  }
  return found;
}

/** The parameters of a query string, checked, with defaults for the missing ones. Throws ApiError. */
export function queryValues(route: Route, query: string): Values {
  const given = new URLSearchParams(query);
  return new Map(route.query.map((of) => [of.name, valueOf(of, given.get(of.name))]));
}

function valueOf(of: Parameter, text: string | null): string | number | null {
  const { name, type, min, max } = of;
  if (type === "lenient") {
    const number = Number(/^ *([+-]?[0-9]{1,15})/.exec(text ?? "")?.[1] ?? 0);
    return Math.min(Math.max(number || Number(of.default), min), max);
  }
  if (text === null || (text === "" && type !== "text")) {
    if (of.required) throw new ApiError(400, `The parameter ${name} is missing.`);
    return of.default;
  }
  if (type === "text") {
    if (text.length > LONGEST_QUERY && [...text].length > LONGEST_QUERY) throw new ApiError(400, `${name} must have at most ${LONGEST_QUERY} characters.`);
    return text;
  }
  if (type === "choice") {
    if (!of.values.includes(text)) throw new ApiError(400, `${name} must be one of ${of.values.join(", ")}.`);
    return text;
  }
  if (type === "share") {
    if (!/^[+-]?[0-9]{1,9}(?:\.[0-9]{1,9})?$/.test(text)) throw new ApiError(400, `${name} must be a number from 0 to 100.`);
    return Number(text);
  }
  const number = /^[+-]?[0-9]{1,15}$/.test(text) ? Number(text) : min - 1;
  if (number < min || number > max) throw new ApiError(400, `${name} must be a whole number from ${min} to ${max}.`);
  // Without this, -0 would stay.
  return number + 0;
}

/** The JSON object of a request's body. Throws ApiError. */
export function bodyObject(body: Uint8Array): Map<string, unknown> {
  let found: unknown = null;
  try {
    found = JSON.parse(new TextDecoder().decode(body));
  } catch {
    // The same as another value than an object.
  }
  if (typeof found !== "object" || found === null || Array.isArray(found)) throw new ApiError(400, "The body must be a JSON object.");
  return new Map(Object.entries(found));
}

/** A number of a JSON body, its default if it is missing, and NaN if it is something else. */
export function whole(value: unknown, other: number): number {
  if (value === undefined || value === null) return other;
  return typeof value === "number" ? value + 0 : NaN;
}
