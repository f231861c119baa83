/** Lists of files, whose nodes are read only when they are needed (docs/FORMAT.md 1.4). */
import type { FileEntry } from "./entry";
import { FormatError } from "./errors";
import type { FileListEntry } from "./manifest";
import { checkNode, readNode, type ListNode } from "./nodes";

/** Gives the decoded content of a file. */
export type Load = (entry: FileEntry) => Promise<Uint8Array>;

export class FileList {
  /** By level and first file. A node that could not be loaded is forgotten, so that it can be asked for again. */
  private readonly nodes = new Map<string, Promise<ListNode>>();

  constructor(private readonly list: FileListEntry, private readonly load: Load) {}

  /** How many files are listed. */
  get count(): number {
    return this.list.count;
  }

  /**
   * The entry of a listed file, from 0. Loads one node per level.
   * @throws FormatError for nodes that are damaged or do not fit the list, and whatever `load` throws
   */
  async entry(index: number): Promise<FileEntry> {
    if (!Number.isInteger(index) || index < 0 || index >= this.count) throw new RangeError(`A list of ${this.count} files has no file ${index}.`);
    let node = await this.root();
    while (node.level > 0) node = await this.child(node, Math.floor((index - node.first) / node.fanout ** node.level));
    return node.entry(index - node.first);
  }

  /** Loads the node that every look-up begins with. */
  async begin(): Promise<void> {
    await this.root();
  }

  /** All entries, in order. Loads all nodes. */
  async entries(): Promise<FileEntry[]> {
    const below = async (node: ListNode): Promise<FileEntry[]> => {
      const places = Array.from({ length: node.count }, (_, i) => i);
      if (!node.level) return places.map((i) => node.entry(i));
      return (await Promise.all(places.map(async (i) => await below(await this.child(node, i))))).flat();
    };
    return await below(await this.root());
  }

  private root(): Promise<ListNode> {
    return this.node("root", this.list.index, 0, null);
  }

  private child(parent: ListNode, i: number): Promise<ListNode> {
    const first = parent.first + i * parent.fanout ** parent.level;
    return this.node(`${parent.level - 1} ${first}`, parent.entry(i), first, parent);
  }

  private node(key: string, entry: FileEntry, first: number, parent: ListNode | null): Promise<ListNode> {
    const known = this.nodes.get(key);
    if (known) return known;
    const node = this.read(entry, first, parent);
    this.nodes.set(key, node);
    node.catch(() => { this.nodes.delete(key); });
    return node;
  }

  private async read(entry: FileEntry, first: number, parent: ListNode | null): Promise<ListNode> {
    const node = readNode(await this.load(entry));
    checkNode(node, first, this.count, parent);
    return node;
  }
}

/** A list must have as many files as its blocks need. Throws FormatError. */
export function checkLength({ count }: FileListEntry, total: number, block: number, what: string): void {
  if (count !== Math.max(1, Math.ceil(total / block))) {
    throw new FormatError(`manifest.json has no valid “${what}”: it lists ${count} files.`);
  }
}
