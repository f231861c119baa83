/** Pictures on other hosts (docs/FORMAT.md 2.17). The twin is builder/imagedb_site/web_addresses.py. */
import { isObject } from "./container";
import { FormatError } from "./errors";

const ORIGIN = /^https?:\/\/[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9][0-9]{0,4})?$/;
/** ASCII without controls, spaces, quotes, angle brackets, backslash, caret, backquote, braces and bar. */
const PRINTABLE = /^[!#-;=?-[\]_a-z~]+$/;
const LONGEST = 2000;
const MOST_ORIGINS = 100;

/** The addresses of a picture on another host. `image` is absent if only a small picture is there. */
export interface RemotePicture {
  image?: string;
  thumbnail?: string;
}

/** Checks the manifest's `remote`. Throws FormatError. */
export function checkRemote(value: unknown): void {
  if (value === null) return;
  const origins = isObject(value) ? value["origins"] : null;
  const valid = Array.isArray(origins) && origins.length > 0 && origins.length <= MOST_ORIGINS
    && origins.every((origin) => typeof origin === "string" && ORIGIN.test(origin));
  if (!valid) throw new FormatError("manifest.json has no valid “remote”.");
}

/** Checks the `remote` of a document: clean addresses of the origins that the manifest allows. Throws FormatError. */
export function checkRemotePicture(value: unknown, origins: readonly string[]): void {
  const { image, thumbnail } = isObject(value) ? value : {};
  const found = [image, thumbnail].filter((address) => address !== undefined);
  if (!found.length || !found.every((address) => isRemote(address, origins))) throw new FormatError("A document names a picture on a host that this site does not allow.");
}

function isRemote(address: unknown, origins: readonly string[]): boolean {
  return typeof address === "string" && address.length <= LONGEST && PRINTABLE.test(address)
    && origins.some((origin) => address.startsWith(`${origin}/`));
}
