/**
 * How the service worker handles a request, and what it keeps. Pure.
 *
 * Files with a hash in their name never change: the cache answers first. `manifest.json` and the page change: the
 * network answers first, and the cache if the network fails. The worker leaves everything else alone, so that a
 * request for a byte range, another origin or an original is never answered with part of a file.
 */
import { hashInName, type Known } from "../base/hash";
import type { Manifest } from "../format/manifest";
import type { Parts } from "./parts";

/** A file and what its bytes must be. */
export interface ShellFile {
  path: string;
  bytes: number;
  sha256: string;
}

/** The first line of sw.js as published (docs/FORMAT.md 2.11). */
export interface Shell {
  version: string;
  files: ShellFile[];
}

export type Kind =
  /** The page itself. */
  | "page"
  /** Changes with a build: network first. */
  | "mutable"
  /** The application, kept as one set per version. */
  | "shell"
  /** Vectors, catalog, documents, model. */
  | "data"
  /** Many small files, kept up to a number. */
  | "thumbnail"
  | "view"
  | "pass";

export interface Asked {
  url: string;
  method: string;
  range: boolean;
  navigates: boolean;
}

/** The path of a URL inside the scope (a folder's URL); null if it lies outside. */
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
  if (hashInName(path) === null) return "pass";
  if (path.startsWith("data/") || path.startsWith("model/")) return "data";
  if (path.startsWith("thumbs/")) return "thumbnail";
  if (path.startsWith("views/")) return "view";
  return "pass";
}

/** What the bytes of a file must be: as the shell lists it, or by the hash in its name. Null for files that change. */
export function knownOf(path: string, shell: Shell): Known | null {
  const listed = shell.files.find((file) => file.path === path);
  if (listed) return listed;
  const sha256 = hashInName(path);
  return sha256 === null ? null : { sha256 };
}

/** Whether a request must be answered by the network: the copies in caches may be damaged. */
export function wantsFresh(mode: RequestCache): boolean {
  return mode === "reload" || mode === "no-cache" || mode === "no-store";
}

/** Whether a page is the site's own and whole. Hosts may add scripts to it, so its hash does not say. */
export function isPage(html: string): boolean {
  return html.includes('id="app"') && html.includes("</html>");
}

/** How many pictures are kept, so that the device does not fill up. */
export const MOST = { thumbnail: 6000, view: 240 } as const;

/** Larger files of the application are kept when they are used or when there is time, not during installation. */
export const LARGE = 1 << 20;

/** What only some visits use is kept when it is used, not during installation: the map's script is as large as all others together. */
export function isInstalled({ path, bytes }: ShellFile): boolean {
  return bytes <= LARGE && !path.startsWith("assets/map-view.");
}

/** How much to fetch in advance: nothing, what makes a first search quick, or what an offline visit needs. */
export type Amount = "nothing" | "little" | "all";

/** What to fetch in idle time, and what to keep only if the browser has it already. */
export interface Warming {
  fetch: ShellFile[];
  keep: ShellFile[];
  /** Those of both that searches need offline. */
  needed: ShellFile[];
  bytes: number;
}

const SMALL_GROUP = 6 << 20;
/** The most that is fetched, in bytes. With "little", a visit without a search stays below 3 MB. */
const BUDGET: Record<Amount, number> = { nothing: 0, little: 2_250_000, all: 1 << 30 };
/** Searches are said to work offline only if what they need is less than this. */
const NEEDED = 96 << 20;
/** How many bytes of thumbnails are kept at most if a visitor asks for all of a collection. */
export const MOST_PICTURES = 1 << 30;

/** The files that make a collection searchable offline, most important first. A group is fetched as a whole or not at all. */
export function warming(manifest: Manifest, parts: Parts, shell: ShellFile[], amount: Amount): Warming {
  const plan: Warming = { fetch: [], keep: [], needed: [], bytes: 0 };
  const budget = BUDGET[amount];
  const take = (group: ShellFile[], limit = NEEDED, needed = false): void => {
    const bytes = group.reduce((sum, entry) => sum + entry.bytes, 0);
    const fits = (bytes <= limit || amount === "all") && plan.bytes + bytes <= budget;
    (fits ? plan.fetch : plan.keep).push(...group);
    if (needed && bytes <= limit) plan.needed.push(...group);
    if (fits) plan.bytes += bytes;
  };
  take(parts.rows, SMALL_GROUP);
  take(parts.catalog, NEEDED, true);
  if (manifest.suggestions) take([manifest.suggestions.file], SMALL_GROUP);
  take(parts.cells, NEEDED, true);
  take(parts.coarse.length ? parts.coarse : parts.vectors, NEEDED, true);
  take(parts.text, NEEDED, true);
  take(shell.filter((file) => file.bytes > LARGE), NEEDED, true);
  take(parts.tokens, 2 * SMALL_GROUP, true);
  take(parts.staticRows, SMALL_GROUP);
  if (parts.coarse.length) take(parts.vectors, NEEDED, true);
  take(parts.columns, SMALL_GROUP);
  take(parts.ids, SMALL_GROUP);
  // Only on request: most visits do not open the map.
  if (amount === "all") take(parts.map);
  take(parts.documents, SMALL_GROUP);
  return plan;
}

/** A message from the page to the service worker: load in advance. It replaces an earlier one. */
export interface WarmMessage {
  type: "warm";
  amount: Amount;
}

/** A message from the page: stop loading in advance until the next `warm`. */
export interface CoolMessage {
  type: "cool";
}

/** What is stored for an offline visit. */
export interface Kept {
  /** Whether everything that a search needs is stored. */
  complete: boolean;
  /** How many bytes of all that can be kept are not stored. */
  left: number;
  /** How many bytes can be kept in all. */
  total: number;
}

/** A message from the page to the service worker: check everything that is kept, and delete what is damaged. */
export interface VerifyMessage {
  type: "verify";
}

/** The answer: how many files are whole, and how many were not. */
export interface VerifiedMessage {
  type: "verified";
  whole: number;
  damaged: number;
}

/** A message from the page to the service worker: delete what is kept of the collection. */
export interface ForgetMessage {
  type: "forget";
}

/** A message from the service worker to the page. */
export interface WarmedMessage {
  type: "warmed";
  kept: Kept;
  /** Whether the work that was asked for has ended, and was not stopped. */
  done: boolean;
}
