/**
 * What the service worker does with a request, and what it keeps. Pure.
 *
 * Files with a hash in their name never change: the cache answers first. `manifest.json` and the page change:
 * the network answers first, the cache when it cannot. Everything else passes by untouched, so a request for a
 * byte range, another origin or an original is never answered by half a file.
 */
import type { FileEntry, Manifest } from "../format/manifest";

export interface ShellFile {
  path: string;
  bytes: number;
}

/** The first line of sw.js as published (docs/FORMAT.md, 2.7). */
export interface Shell {
  version: string;
  files: ShellFile[];
}

export type Kind =
  /** The page itself. */
  | "page"
  /** Changes with a build: network first. */
  | "mutable"
  /** The application, kept as one set a version. */
  | "shell"
  /** Vectors, catalog, documents, model. */
  | "data"
  /** Many and small, kept up to a number. */
  | "thumbnail"
  | "view"
  | "pass";

export interface Asked {
  url: string;
  method: string;
  range: boolean;
  navigates: boolean;
}

const HASHED = /(^|[/.])[0-9a-f]{16}\.[a-z0-9]+$/;

/** The path of a URL inside the scope (a folder's URL); null where it lies outside. */
export function pathInside(url: string, scope: string): string | null {
  const [asked, root] = [new URL(url), new URL(scope)];
  if (asked.origin !== root.origin || !asked.pathname.startsWith(root.pathname)) return null;
  try {
    return decodeURIComponent(asked.pathname.slice(root.pathname.length));
  } catch {
    return null;
  }
}

export function kindOf(asked: Asked, scope: string, shell: Shell): Kind {
  if (asked.method !== "GET" || asked.range) return "pass";
  const path = pathInside(asked.url, scope);
  if (path === null) return "pass";
  if (asked.navigates) return path === "" || path === "index.html" ? "page" : "pass";
  if (path === "manifest.json") return "mutable";
  if (path !== "index.html" && shell.files.some((file) => file.path === path)) return "shell";
  if (!HASHED.test(path)) return "pass";
  if (path.startsWith("data/") || path.startsWith("model/")) return "data";
  if (path.startsWith("thumbs/")) return "thumbnail";
  if (path.startsWith("views/")) return "view";
  return "pass";
}

/** Pictures kept, so that the device does not fill up. */
export const MOST = { thumbnail: 6000, view: 240 } as const;

/** Files of the application larger than this are kept when used or when there is time, not at once. */
export const LARGE = 1 << 20;

function entries(manifest: Manifest): FileEntry[] {
  return [
    manifest.ids, ...manifest.rows.files, ...manifest.documents.files, manifest.catalog.file,
    ...(manifest.vectors ? [manifest.vectors.file] : []),
    ...manifest.fields.flatMap((field) => (field.column ? [field.column] : [])),
    ...(manifest.model ? Object.values(manifest.model.files) : []),
    ...(manifest.suggestions ? [manifest.suggestions.file] : []),
  ];
}

/** Every path the manifest names: what else lies under data/ and model/ is of an older build. */
export function named(manifest: Manifest): Set<string> {
  return new Set(entries(manifest).map((entry) => entry.path));
}

/** What to fetch in idle time, and what to keep only where the browser has it already. */
export interface Warming {
  fetch: string[];
  keep: string[];
  bytes: number;
}

const SMALL_GROUP = 6 << 20;
const BUDGET = 96 << 20;

/**
 * The files that make a collection searchable without a network, most important first.
 * `generous`: the connection is neither metered nor slow.
 */
export function warming(manifest: Manifest, shell: ShellFile[], generous: boolean): Warming {
  const plan: Warming = { fetch: [], keep: [], bytes: 0 };
  const take = (group: { path: string; bytes: number }[], limit = BUDGET): void => {
    const bytes = group.reduce((sum, entry) => sum + entry.bytes, 0);
    const fits = generous && bytes <= limit && plan.bytes + bytes <= BUDGET;
    (fits ? plan.fetch : plan.keep).push(...group.map((entry) => entry.path));
    if (fits) plan.bytes += bytes;
  };
  const { model } = manifest;
  const files = (names: (string | undefined)[]): FileEntry[] =>
    names.flatMap((name) => (name && model?.files[name] ? [model.files[name]] : []));
  take([manifest.ids, ...manifest.rows.files], SMALL_GROUP);
  take([manifest.catalog.file]);
  if (manifest.vectors) take([manifest.vectors.file]);
  if (model) take(files([model.pack.tokenizer.file, model.pack.vocabulary?.file, model.pack.text.file]));
  take(shell.filter((file) => file.bytes > LARGE));
  if (manifest.suggestions) take([manifest.suggestions.file], SMALL_GROUP);
  if (model) take(files(model.pack.tokens.shards), 2 * SMALL_GROUP);
  take(manifest.fields.flatMap((field) => (field.column ? [field.column] : [])), SMALL_GROUP);
  take(manifest.documents.files, SMALL_GROUP);
  return plan;
}

/** What the page asks of the worker. */
export interface WarmMessage {
  type: "warm";
  generous: boolean;
}

/** What the worker tells the page. */
export interface WarmedMessage {
  type: "warmed";
  /** Everything that was asked for is kept. */
  complete: boolean;
}
