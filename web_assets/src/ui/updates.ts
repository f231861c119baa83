/** Notices that the site was published again since this page was opened: files of the earlier build may be gone. */
import type { Manifest } from "../engine/types";

export interface UpdatesMeans {
  /** The description of the site that this page works with; null until it is open. */
  manifest: () => Manifest | null;
  /** The description as the host has it now, past the browser's cache. */
  latest: () => Promise<unknown>;
  /** Called once, when they differ. */
  found: () => void;
  now: () => number;
}

/** Milliseconds between two looks: many pictures may fail at the same time. */
const BETWEEN = 15_000;

export class Updates {
  readonly #means: UpdatesMeans;
  #last = -Infinity;
  #found = false;

  constructor(means: UpdatesMeans) {
    this.#means = means;
  }

  /** Something could not be loaded: look whether an update is the reason. Never rejects. */
  async suspect(): Promise<void> {
    const { manifest, latest, found, now } = this.#means;
    const known = manifest();
    if (this.#found || !known || now() - this.#last < BETWEEN) return;
    this.#last = now();
    const fresh = await latest().catch(() => null);
    // A host in trouble may answer with anything.
    if (this.#found || !isManifest(fresh) || same(fresh, known)) return;
    this.#found = true;
    found();
  }

  /** Another version of the service worker is in charge: look at once. */
  async replaced(): Promise<void> {
    this.#last = -Infinity;
    await this.suspect();
  }
}

function isManifest(value: unknown): value is Manifest {
  return typeof value === "object" && value !== null && (value as { format?: unknown }).format === "imagedb-site";
}

function same(one: Manifest, other: Manifest): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
