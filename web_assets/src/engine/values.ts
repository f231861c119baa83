/** The values of a large column: a head, names, and row sets in files that are found by a value's key (docs/FORMAT.md 2.2). */
import {
  FormatError, readValueNames, readValuesHead, readValueSets, type FileList, type ValueCount, type ValueSets, type ValuesEntry, type ValuesHead,
} from "../format/index";
import type { ColumnValues } from "./column-source";
import { eachOf, type SiteFiles } from "./files";
import { Shared } from "./lru";
import { emptyMask, type Mask } from "./mask";
import { compareCodePoints, comparable, type ValueKey } from "./query/index";

const KEPT_FILES = 64;
/** How many files of names are read for the beginning of a value. */
const NAME_FILES = 2;

export class SiteValues implements ColumnValues {
  private readonly names: FileList;
  private readonly sets: (FileList | null)[];
  private readonly single = new Shared<unknown>();
  private readonly files = new Shared<ValueSets>(KEPT_FILES);
  private readonly nameFiles = new Shared<ValueCount[]>(KEPT_FILES);

  /** @param rows rows of the collection */
  constructor(private readonly entry: ValuesEntry, private readonly rowCount: number, private readonly site: SiteFiles) {
    this.names = site.list(entry.names, "column");
    this.sets = entry.sets.map((list) => list && site.list(list, "column"));
  }

  get count(): number {
    return this.entry.count;
  }

  async top(limit: number): Promise<readonly ValueCount[]> {
    const { top } = await this.head();
    if (top.length >= Math.min(limit, this.count)) return top;
    return await this.once("ranked", async () => byFrequency(await this.all()));
  }

  all(): Promise<readonly ValueCount[]> {
    return this.once("all", async () => {
      const parts: ValueCount[][] = [];
      await this.site.loadAll(await this.names.entries(), "column", (content, place) => { parts[place] = readValueNames(content); });
      const all = parts.flat();
      if (all.length !== this.count) throw new FormatError("The names of a column's values are not as many as announced.");
      return all;
    });
  }

  async starting(key: string): Promise<readonly ValueCount[]> {
    const places = filesOf((await this.head()).names, [{ key, prefix: true }]).slice(0, NAME_FILES);
    const parts = await Promise.all(places.map((place) => (
      this.nameFiles.get(String(place), async () => readValueNames(await this.site.loadListed(this.names, place, "column")))
    )));
    return parts.flat().filter(({ value }) => comparable(value).startsWith(key));
  }

  async countOf(value: string): Promise<number> {
    let count = 0;
    await this.each((other) => other === value, [{ key: comparable(value), prefix: false }], (_, sets, i) => { count += sets.counts[i]!; });
    return count;
  }

  async known(forms: readonly string[]): Promise<ReadonlySet<string>> {
    const [wanted, found] = [new Set(forms), new Set<string>()];
    const note = (value: string): boolean => {
      const form = comparable(value);
      if (wanted.has(form)) found.add(form);
      return false;
    };
    await this.each(note, forms.map((key) => ({ key, prefix: false })), () => undefined);
    return found;
  }

  async rows(accepts: (value: string) => boolean, keys: readonly ValueKey[] | null): Promise<Mask> {
    const asked = keys ?? (await this.all()).filter(({ value }) => accepts(value)).map(({ value }) => ({ key: comparable(value), prefix: false }));
    const mask = emptyMask(this.rowCount);
    await this.each(accepts, asked, (first, sets, i) => {
      for (const row of sets.rows(i)) mask[(first + row) >> 3]! |= 1 << ((first + row) & 7);
    });
    return mask;
  }

  /** Calls `use` for every accepted value in every segment, with the segment's first row. */
  private async each(
    accepts: (value: string) => boolean, keys: readonly ValueKey[], use: (first: number, sets: ValueSets, place: number) => void,
  ): Promise<void> {
    const head = await this.head();
    const wanted = this.sets.flatMap((list, segment) => (list ? filesOf(head.sets[segment]!, keys).map((number) => ({ list, segment, number })) : []));
    await eachOf(wanted, async ({ list, segment, number }) => {
      const first = segment * this.entry.segment;
      const sets = await this.files.get(`${segment} ${number}`, async () =>
        readValueSets(await this.site.loadListed(list, number, "column"), Math.min(this.entry.segment, this.rowCount - first)));
      sets.values.forEach((value, i) => { if (accepts(value)) use(first, sets, i); });
    });
  }

  private head(): Promise<ValuesHead> {
    return this.once("head", async () =>
      readValuesHead(await this.site.load(this.entry.head, "column"), this.entry.names.count, this.sets.map((list) => list?.count ?? 0)));
  }

  private once<T>(key: string, make: () => Promise<T>): Promise<T> {
    return this.single.get(key, make) as Promise<T>;
  }
}

/** Values by falling count, ties in code-point order. */
export function byFrequency(values: readonly ValueCount[]): ValueCount[] {
  return [...values].sort((a, b) => b.count - a.count || compareCodePoints(a.value, b.value));
}

/** The files, of which the first keys are `starts`, that may have a value with one of the keys. */
function filesOf(starts: readonly string[], keys: readonly ValueKey[]): number[] {
  const found = new Set<number>();
  for (const { key, prefix } of keys) {
    // A file may begin in the middle of values with equal keys.
    for (let i = Math.max(0, before(starts, key) - 1); i < starts.length; i++) {
      if (compareCodePoints(starts[i]!, key) > 0 && !(prefix && starts[i]!.startsWith(key)) && i > 0) break;
      found.add(i);
    }
  }
  return [...found];
}

/** How many of the sorted texts come before `text`. */
function before(sorted: readonly string[], text: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareCodePoints(sorted[middle]!, text) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
