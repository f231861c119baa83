/**
 * All tags of a collection by number and by name. The twin of builder/imagedb_site/dataset.py. A script of its own, which few visitors need: it
 * must not import what the rest of the engine uses.
 */
import type { normal as Normal } from "../query/index";
import type { SiteResources } from "../resources";
import type { Tag } from "../types";
import type { ownValues as OwnValues } from "./stats";

export class TagTable {
  private readonly byId = new Map<number, Tag>();
  private readonly ids = new Map<string, Map<string, number>>();
  private readonly byName = new Map<string, number[]>();

  constructor(tags: Iterable<Tag>, private readonly normal: typeof Normal) {
    for (const tag of tags) {
      this.byId.set(tag.id, tag);
      const ids = this.ids.get(tag.category) ?? new Map<string, number>();
      this.ids.set(tag.category, ids.set(tag.name, tag.id));
      const name = normal(tag.name);
      this.byName.set(name, [...this.byName.get(name) ?? [], tag.id]);
    }
  }

  /** How many tags there are. */
  get size(): number {
    return this.byId.size;
  }

  /** The least number of a tag, 1 if there are none. */
  get least(): number {
    let least = Infinity;
    for (const id of this.byId.keys()) least = Math.min(least, id);
    return this.byId.size ? least : 1;
  }

  /** The greatest number of a tag, 0 if there are none. */
  get greatest(): number {
    let greatest = 0;
    for (const id of this.byId.keys()) greatest = Math.max(greatest, id);
    return greatest;
  }

  /** The tag with this number; null if there is none. */
  get(id: number): Tag | null {
    return this.byId.get(id) ?? null;
  }

  /** The tags with this name, by number; case, accents, `_` and `-` do not matter. */
  find(name: string): Tag[] {
    return (this.byName.get(this.normal(name)) ?? []).toSorted((a, b) => a - b).map((id) => this.byId.get(id)!);
  }

  /** The numbers of the tags that an image has in one field. */
  idsOf(category: string, names: readonly string[]): number[] {
    const known = this.ids.get(category);
    return names.flatMap((name) => known?.get(name) ?? []);
  }
}

/** The tags by the numbers of the collection, or else from 1: field after field, in each the most frequent first, ties in code-point order. */
export async function tagTable(resources: SiteResources, normal: typeof Normal, ownValues: typeof OwnValues): Promise<TagTable> {
  const numbered = await resources.numberedTags();
  if (numbered) return new TagTable(numbered.map(({ id, name, field, count }) => ({ id, name, category: field, count })), normal);
  const found: Tag[] = [];
  for (const { name: category, type, column: hasColumn } of resources.manifest.fields) {
    if (type !== "tags" || !hasColumn) continue;
    for (const { value, count } of await ownValues(await resources.columnSource(category))) found.push({ id: found.length + 1, name: value, category, count });
  }
  return new TagTable(found, normal);
}
