/** Nodes of lists of files (docs/FORMAT.md 1.4). */
import { headerCount, readContainer, section } from "./container";
import { checkPath, type FileEntry } from "./entry";
import { FormatError } from "./errors";
import { hex } from "./hex";

export interface ListNode {
  /** The first listed file at or below this node. */
  first: number;
  /** How many entries the node has. */
  count: number;
  /** At level 0 the entries are listed files, above it they are nodes. */
  level: number;
  fanout: number;
  /** Entry `i` of the node, from 0. */
  entry: (i: number) => FileEntry;
}

const [LEAST_FANOUT, MOST_FANOUT] = [2, 4096];
/** Even with the smallest fan-out, this many levels can list more files than a number can count exactly. */
const MOST_LEVELS = 52;

export function readNode(bytes: Uint8Array): ListNode {
  const container = readContainer(bytes, "index");
  const [first, count, level] = [headerCount(container, "first"), headerCount(container, "count", 1), headerCount(container, "level")];
  const fanout = headerCount(container, "fanout", LEAST_FANOUT);
  const { prefix, suffix } = container.header;
  if (fanout > MOST_FANOUT || count > fanout || level > MOST_LEVELS) throw new FormatError("An index file has an invalid count, level or fan-out.");
  if (typeof prefix !== "string" || typeof suffix !== "string") throw new FormatError("An index file has no prefix or suffix.");
  checkPath(`${prefix}${"0".repeat(16)}${suffix}`);
  const hashes = section(container, "sha256", ["u8"], 32 * count);
  const sizes = section(container, "bytes", ["u32"], count);
  const rawSizes = section(container, "raw_bytes", ["u32"], count);
  const entry = (i: number): FileEntry => {
    if (!(i >= 0 && i < count)) throw new RangeError(`An index file of ${count} entries has no entry ${i}.`);
    const sha256 = hex(hashes.subarray(32 * i, 32 * i + 32));
    return {
      path: `${prefix}${sha256.slice(0, 16)}${suffix}`, bytes: sizes[i]!, raw_bytes: rawSizes[i]!, sha256, ...(level ? { index: true } : {}),
    };
  };
  return { first, count, level, fanout, entry };
}

/**
 * Check that a node covers exactly the files it should.
 * @param first the first file that it should cover
 * @param total how many files the whole list has
 * @throws FormatError
 */
export function checkNode(node: ListNode, first: number, total: number, parent: ListNode | null): void {
  const each = node.fanout ** node.level;
  const covered = Math.min(each * node.fanout, total - first);
  const fits = parent ? node.level === parent.level - 1 && node.fanout === parent.fanout : total <= each * node.fanout;
  if (!fits || node.first !== first || node.count !== Math.ceil(covered / each)) {
    throw new FormatError("An index file does not cover the files it should.");
  }
}
