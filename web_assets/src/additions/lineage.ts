/**
 * Which published collection additions belong to. A site has no name of its own, and its hash changes with every
 * build; yet additions must outlive a build, and must not turn up in another collection that happens to be
 * published at the same address later.
 */
/** What is stored about a collection that has additions. */
export interface Lineage {
  /** The permanent key of its additions: the address and the hash of the first build that had any. */
  key: string;
  /** The address of the site's folder. */
  address: string;
  title: string;
  /** `collection.hash` of the last build seen. */
  hash: string;
  /** Some of its image ids: the smallest ones, because they rarely change while a collection grows. */
  sample: string[];
}

/** The collection of this visit; its ids are only asked for when they are needed. */
export interface Seen extends Omit<Lineage, "key" | "sample"> {
  rowOf: (id: string) => Promise<number | null>;
  /** Some of its first ids. */
  sampleIds: (most: number) => Promise<string[]>;
}

const SAMPLED_IDS = 64;

/**
 * The lineage that a site continues: one with the same hash; else one at the same address that shares an image with it
 * or has its title. Null if the site belongs to none of them.
 */
export async function continued(known: readonly Lineage[], seen: Seen): Promise<Lineage | null> {
  const same = known.filter(({ hash }) => hash === seen.hash);
  const here = known.filter(({ address }) => address === seen.address);
  const first = same.find(({ address }) => address === seen.address) ?? same[0];
  if (first) return first;
  for (const lineage of here) {
    const rows = await Promise.all(lineage.sample.map((id) => seen.rowOf(id)));
    if (rows.some((row) => row !== null)) return lineage;
  }
  return here.find(({ title }) => title === seen.title) ?? null;
}

/** The lineage to store for a site from now on. */
export async function lineageOf(key: string, { address, title, hash, sampleIds }: Seen): Promise<Lineage> {
  return { key, address, title, hash, sample: await sampleIds(SAMPLED_IDS) };
}
