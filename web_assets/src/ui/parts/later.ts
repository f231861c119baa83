/** Parts of the page that are loaded when they are needed. */
import { useEffect, useState } from "preact/hooks";

import { messageOf, part } from "../../base/errors";

/** A module that is loaded once. A failed load may be tried again. */
export class Later<Module extends object> {
  /** The module if it is loaded. */
  now: Module | null = null;
  readonly #import: () => Promise<Module>;
  readonly #names: (keyof Module)[];
  #loading: Promise<Module> | null = null;

  /** @param names exports that the module must have */
  constructor(load: () => Promise<Module>, ...names: (keyof Module)[]) {
    this.#import = load;
    this.#names = names;
  }

  /** Rejects with ProgramError if the module cannot be loaded. */
  load(): Promise<Module> {
    this.#loading ??= part(this.#import(), ...this.#names).then(
      (module) => (this.now = module),
      (error: unknown) => {
        this.#loading = null;
        throw error;
      },
    );
    return this.#loading;
  }

  /** Begins to load. Whoever needs the module reports a failure. */
  prefetch(): void {
    this.load().catch(() => undefined);
  }
}

export interface UsedLater<Module> {
  module: Module | null;
  /** Why the module could not be loaded. */
  failure: string | null;
  retry: () => void;
}

/** A module, as soon as it is loaded. */
export function useLater<Module extends object>(later: Later<Module>): UsedLater<Module> {
  const [failure, setFailure] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  const module = later.now;
  useEffect(() => {
    // What was drawn counts: the module may have come between drawing and now.
    if (module) return;
    let current = true;
    setFailure(null);
    later.load().then(
      () => { if (current) setAttempt((n) => n + 1); },
      (error: unknown) => { if (current) setFailure(messageOf(error)); },
    );
    return () => { current = false; };
  }, [later, attempt]);
  return { module, failure, retry: () => setAttempt((n) => n + 1) };
}
