/** Requests that were given up. */

/** Whether something failed because an AbortController stopped it. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
