/** Whether bytes are those of a file: by its SHA-256, or by the part of it that is in its name (docs/FORMAT.md 1.1). */

const NAMED = /(?:^|[/.])([0-9a-f]{16})\.[a-z0-9]+(?:\.gz)?$/;

/** The hash16 in a path or an address without query; null if it has none. */
export function hashInName(path: string): string | null {
  return NAMED.exec(path)?.[1] ?? null;
}

/** The SHA-256 in 64 lower-case hexadecimal digits; null without `crypto.subtle`, which exists on https and localhost only. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string | null> {
  if (!globalThis.crypto?.subtle) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What is known of a file's bytes as stored. */
export interface Known {
  bytes?: number;
  /** Its SHA-256, or the first digits of it. */
  sha256: string;
}

/**
 * Whether bytes have this length and hash. `unsure` is the answer if only the hash is left to check and this browser
 * cannot compute it.
 */
export async function areWhole(bytes: Uint8Array<ArrayBuffer>, known: Known, unsure: boolean): Promise<boolean> {
  if (known.bytes !== undefined && bytes.length !== known.bytes) return false;
  return (await sha256(bytes))?.startsWith(known.sha256) ?? unsure;
}
