/**
 * What the scripts of a portable site share on a page that was opened from the disk (docs/FORMAT.md 2.13). Such a page may run
 * scripts and show pictures beside it, but it may not fetch anything.
 */
export interface Host {
  /** Run a script of the folder `portable/`. Rejects with an Error if it is missing or cannot be read. */
  run(name: string): Promise<void>;
  /** An address that scripts and workers may be started from. Throws TypeError for any other. */
  trusted(address: string): string;
  /** Resolves once `engine` is there. */
  ready: Promise<void>;
  /** The code of the worker. Its text is what the worker runs. */
  engine?: () => void;
  /** Called by each script that holds a file of the site, with the file's path and its content in base64. */
  take: (path: string, content: string) => void;
}

declare global {
  interface Window {
    imagedbPortable?: Host;
  }
}
