/**
 * The HTTP API in this service worker. Its script is larger than the rest of the worker, so it is not run before somebody asks for
 * one of its addresses.
 */
import type { HttpApi } from "../http/worker";

declare const self: ServiceWorkerGlobalScope & { imagedbHttp?: HttpApi };
/** The name of the script in the site; the build puts it in. */
declare const HTTP_SCRIPT: string;

const ADDRESSES = /^(?:api(?:\/|$)|search$|stats?$|tag\/|posts(?:\/|$))/;

/**
 * Load the script during installation. Later, the browser gives it again but accepts no other one. A failure is not one of the
 * installation: without the API the site works as before.
 */
export function installApi(): void {
  load();
}

/** The API if a request is for it; null for all other requests. */
export function apiFor(request: Request, path: string): HttpApi | null {
  if (!ADDRESSES.test(path) && !(path === "" && request.headers.get("accept")?.includes("application/json"))) return null;
  const api = self.imagedbHttp ?? load();
  return api?.isForApi(request, path) ? api : null;
}

function load(): HttpApi | null {
  try {
    importScripts(new URL(HTTP_SCRIPT, self.registration.scope).href);
  } catch {
    return null;
  }
  return self.imagedbHttp ?? null;
}
