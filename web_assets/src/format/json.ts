/** Decoding JSON files. */
import { FormatError } from "./errors";

/** Decode UTF-8 JSON; `what` names it in the error. Throws FormatError. */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new FormatError(`${what} is not JSON.`, { cause });
  }
}

/** A value of any kind in a message. `String` would throw for an object whose `toString` is not a export function. */
export function brief(value: unknown): string {
  return (typeof value === "string" ? value : JSON.stringify(value) ?? "missing").slice(0, 40);
}
