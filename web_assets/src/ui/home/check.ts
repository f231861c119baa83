/** The start page in the manifest (docs/FORMAT.md 2.20). Only the page reads it, so only the page checks it. Pure. */
import { own } from "../../base/own";
import type { Manifest } from "../../engine/types";

const MOST = 48;
/** Of a site that leaves the sections to the page. */
const USUAL: readonly string[] = ["topics", "on-this-day"];

/** The sections of the start page, in the owner's order. */
export function sectionsOf(manifest: Manifest | null): readonly string[] {
  return manifest && isHome(manifest.home, manifest) ? manifest.home.sections : USUAL;
}

/** Whether what a manifest says about the start page has the right form, and names nothing that there is not. */
export function isHome(value: unknown, { collection: { count }, fields }: Pick<Manifest, "collection" | "fields">): value is NonNullable<Manifest["home"]> {
  if (typeof value !== "object" || value === null) return false;
  const home = value as Record<string, unknown>;
  const lists = ["sections", "sample", "recent"].every((key) => {
    const list = own(home, key);
    const fits = (item: unknown): boolean => (key === "sections" ? typeof item === "string" : Number.isInteger(item) && (item as number) >= 0 && (item as number) < count);
    return Array.isArray(list) && list.length <= MOST && new Set(list).size === list.length && list.every(fits);
  });
  const dated = own(home, "dated");
  return lists && (dated === null || fields.some(({ name }) => name === dated));
}
