/**
 * The API in the service worker: a classic script of its own, which is only run when somebody asks for one of its addresses.
 * `sw.js` loads it once during installation, because a service worker may import nothing new later.
 */
import { Engine } from "../engine/index";
import { assetsFrom } from "../worker/assets";
import { answer, isForApi, type Asked } from "./api";
import { State } from "./state";

/** What the service worker gives to the API. */
export interface Host {
  /** The address of the site's folder. */
  scope: string;
  /** The manifest, from the network if it answers. */
  manifest(): Promise<Response>;
  /** A file of the site, from the caches if it is there. */
  fetch: typeof fetch;
}

export interface HttpApi {
  isForApi(request: Request, path: string): boolean;
  answer(request: Request, path: string, host: Host): Promise<Response>;
}

/** Milliseconds for which the manifest is not asked for again. */
const FRESH_MS = 60_000;

interface Opened {
  state: State;
  manifest: string;
  checked: number;
}

let opened: Promise<Opened> | null = null;
/** The newest request's: the engine outlives the request that opened it. */
let current: Host | null = null;

/** The open site: opened again if another manifest has been published. */
async function open(host: Host): Promise<State> {
  const before = await opened?.catch(() => null);
  if (before && Date.now() - before.checked < FRESH_MS) return before.state;
  opened = renew(before ?? null, host);
  try {
    return (await opened).state;
  } catch (error) {
    opened = null;
    throw error;
  }
}

async function renew(before: Opened | null, host: Host): Promise<Opened> {
  const response = await host.manifest();
  const manifest = await response.text();
  if (before?.manifest === manifest) return { ...before, checked: Date.now() };
  void before?.state.engine.close();
  const address = new URL("manifest.json", host.scope).href;
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    return url === address ? new Response(manifest) : await (current ?? host).fetch(input, init);
  };
  const engine = await Engine.open(host.scope, { fetch, assets: assetsFrom(fetch, host.scope) });
  return { state: new State(engine, new URL(host.scope).pathname, dateOf(response)), manifest, checked: Date.now() };
}

/** When the manifest was changed, in ISO 8601; null if the host does not say. */
function dateOf(response: Response): string | null {
  const changed = new Date(response.headers.get("last-modified") ?? NaN);
  return Number.isNaN(changed.getTime()) ? null : changed.toISOString();
}

function asked(request: Request, path: string): Asked {
  const { method, headers, url } = request;
  return {
    method, path, query: new URL(url).search.slice(1), accept: headers.get("accept") ?? "",
    body: async () => new Uint8Array(await request.arrayBuffer()),
  };
}

const api: HttpApi = {
  isForApi: (request, path) => isForApi(asked(request, path)),
  answer: (request, path, host) => {
    current = host;
    return answer(asked(request, path), () => open(host));
  },
};
(self as { imagedbHttp?: HttpApi }).imagedbHttp = api;
