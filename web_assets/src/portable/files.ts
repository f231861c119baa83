/** The files of a site on the disk: each lies, in base64, in a script of its own. */
import { LoadError } from "../format/errors";
import type { Host } from "./host";

interface Waiting {
  promise: Promise<string>;
  resolve: (content: string) => void;
}

export class ScriptFiles {
  private readonly waiting = new Map<string, Waiting>();

  constructor(private readonly host: Host) {
    host.take = (path, content) => { this.waiting.get(path)?.resolve(content); };
  }

  /**
   * The content of a file in base64.
   * @param path relative to the site's folder
   * @throws LoadError if its script is missing or holds another file
   */
  read(path: string): Promise<string> {
    const known = this.waiting.get(path);
    if (known) return known.promise;
    const failed = (message: string, cause?: unknown) => new LoadError(message, path, 0, true, { cause });
    let take: Waiting["resolve"] = () => undefined;
    const promise = new Promise<string>((resolve, reject) => {
      take = resolve;
      // Both are without effect if the script has handed over the file.
      this.host.run(`${path}.js`)
        .then(() => { reject(failed(`portable/${path}.js is damaged. Copy the whole folder again.`)); }, (error: unknown) => { reject(failed((error as Error).message, error)); })
        .finally(() => this.waiting.delete(path));
    });
    this.waiting.set(path, { promise, resolve: take });
    return promise;
  }
}
