/** The checksum that manifest.json has of itself (docs/FORMAT.md 2.1). */
import { isObject } from "./container";
import { LoadError } from "./errors";
import { hex } from "./hex";
import { parseJson } from "./json";
import { isManifest } from "./read-manifest";

const DIGITS = /^[0-9a-f]{64}$/;
const stated = (digits: string): string => `"checksum":"${digits}"`;

/**
 * The content of manifest.json, after its checksum. The shape is not checked: `readManifest` does that.
 * @throws LoadError, retryable, for bytes that are not those that the writer made; `url` names them
 */
export async function decodeManifest(bytes: Uint8Array<ArrayBuffer>, url: string): Promise<unknown> {
  const damaged = (reason: string, cause?: unknown) => new LoadError(`${url} arrived damaged: ${reason}`, url, 0, true, { cause });
  let value: unknown;
  try {
    value = parseJson(bytes, url);
  } catch (cause) {
    throw damaged("it is not JSON.", cause);
  }
  // Another program's JSON, or another version, is refused by `readManifest` in better words.
  if (!isObject(value) || !("checksum" in value || isManifest(value))) return value;
  if (!await holds(bytes, value["checksum"])) throw damaged("its content is not the one that its checksum announces.");
  return value;
}

/** `crypto.subtle` exists on https and localhost only; elsewhere nothing can be told. */
async function holds(bytes: Uint8Array<ArrayBuffer>, checksum: unknown): Promise<boolean> {
  if (typeof checksum !== "string" || !DIGITS.test(checksum)) return false;
  if (!globalThis.crypto?.subtle) return true;
  const parts = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes).split(stated(checksum));
  if (parts.length !== 2) return false;
  const blank = new TextEncoder().encode(parts.join(stated("0".repeat(64))));
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", blank))) === checksum;
}
