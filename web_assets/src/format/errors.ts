/** The errors of reading a published site. Each says one clear sentence; `retryable` says whether trying again can help. */

/** A file does not follow docs/FORMAT.md: damaged, of another version, or hostile. */
export class FormatError extends Error {
  override readonly name: string = "FormatError";
}

/** A file could not be fetched, or the content that arrived is not the expected one. */
export class LoadError extends Error {
  override readonly name: string = "LoadError";

  /**
   * @param url the requested address
   * @param status the HTTP status; 0 if no answer came, or if the answer was fine but its bytes were not
   * @param retryable whether asking again may succeed (network, server trouble, damage on the way)
   */
  constructor(
    message: string,
    readonly url: string,
    readonly status: number,
    readonly retryable: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
