/**
 * Which published collection additions belong to. A site has no name of its own, and its hash changes with every
 * build; yet additions must outlive a build, and must not turn up in another collection that happens to be
 * published at the same address later.
 */
import type { Ids } from "../../format/index";

/** What is remembered of a collection that has additions. */
export interface Lineage {
  /** Names its additions, for ever; made of address and hash of the first build that had any. */
  key: string;
  /** The address of the site's folder. */
  address: string;
  title: string;
  /** `collection.hash` of the last build seen. */
  hash: string;
  /** Some of its image ids. */
  sample: string[];
}

export interface Seen extends Omit<Lineage, "key" | "sample"> {
  ids: Ids;
}

const SAMPLE = 64;

/**
 * The lineage a site continues: one of the same hash; else one at the same address that shares an image with it or
 * has its title. Null where it begins a new one.
 */
export function continued(known: readonly Lineage[], seen: Seen): Lineage | null {
  const same = known.filter(({ hash }) => hash === seen.hash);
  const here = known.filter(({ address }) => address === seen.address);
  return same.find(({ address }) => address === seen.address) ?? same[0]
    ?? here.find(({ sample }) => sample.some((id) => seen.ids.rowOf(id) !== null))
    ?? here.find(({ title }) => title === seen.title) ?? null;
}

/** What to remember of a site from now on. */
export function lineageOf(key: string, { address, title, hash, ids }: Seen): Lineage {
  const size = Math.min(SAMPLE, ids.count);
  const sample = Array.from({ length: size }, (_, i) => ids.at(Math.floor((i * ids.count) / size)));
  return { key, address, title, hash, sample };
}
