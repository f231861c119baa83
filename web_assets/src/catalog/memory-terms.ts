/** An index of texts in memory. */
import type { Occurrences, Sized, Terms } from "./terms";
import { tokenize } from "./tokenizer";

/** The places of a term while texts are added. */
interface Postings {
  rows: number[];
  starts: number[];
  columns: number[];
  positions: number[];
}

const NOTHING: Postings = { rows: [], starts: [], columns: [], positions: [] };

export class MemoryTerms implements Terms {
  readonly count: number;
  readonly tokens: number;
  private readonly sizes: Uint32Array;
  private readonly postings = new Map<string, Postings>();
  private sorted: string[] | null = null;

  /** @param texts one list per row, one text per column, as full text stores them */
  constructor(texts: readonly (readonly string[])[]) {
    this.count = texts.length;
    this.sizes = new Uint32Array(texts.length);
    texts.forEach((row, number) => {
      row.forEach((text, column) => {
        tokenize(text).forEach(({ term }, position) => { this.add(term, number, column, position); });
      });
    });
    this.tokens = this.sizes.reduce((sum, size) => sum + size, 0);
  }

  rows(term: string): Promise<Uint32Array> {
    return Promise.resolve(Uint32Array.from(this.of(term).rows));
  }

  having(term: string): Promise<number> {
    return Promise.resolve(this.of(term).rows.length);
  }

  times(term: string): Promise<Uint32Array> {
    const { rows, starts, positions } = this.of(term);
    return Promise.resolve(Uint32Array.from(rows, (_, i) => (starts[i + 1] ?? positions.length) - starts[i]!));
  }

  occurrences(term: string): Promise<Occurrences> {
    const { rows, starts, columns, positions } = this.of(term);
    return Promise.resolve({
      rows: Uint32Array.from(rows), starts: Uint32Array.from([...starts, positions.length]), columns: Uint8Array.from(columns),
      positions: Uint32Array.from(positions),
    });
  }

  withPrefix(prefix: string): Promise<string[]> {
    // UTF-16 orders the characters from U+E000 to U+FFFF behind those beyond; the order of UTF-8 is that of code points.
    this.sorted ??= [...this.postings.keys()].sort(byCodePoints);
    return Promise.resolve(this.sorted.filter((term) => term.startsWith(prefix)));
  }

  lengths(rows: Uint32Array): Promise<Uint32Array> {
    return Promise.resolve(this.knownLengths(rows));
  }

  knownLengths(rows: Uint32Array): Uint32Array {
    return rows.map((row) => this.sizes[row]!);
  }

  best(): Promise<Sized | null> {
    return Promise.resolve(null);
  }

  private of(term: string): Postings {
    return this.postings.get(term) ?? NOTHING;
  }

  private add(term: string, row: number, column: number, position: number): void {
    let postings = this.postings.get(term);
    if (!postings) this.postings.set(term, (postings = { rows: [], starts: [], columns: [], positions: [] }));
    if (postings.rows.at(-1) !== row) {
      postings.rows.push(row);
      postings.starts.push(postings.positions.length);
    }
    postings.columns.push(column);
    postings.positions.push(position);
    this.sizes[row]!++;
  }
}

function byCodePoints(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const order = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    if (order) return order;
  }
  return left.length - right.length;
}
