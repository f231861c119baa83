/**
 * What ranking by single words needs of an FTS5 table, read once and kept: which rows have a word and how often, how
 * long each row is. SQLite's own bm25 finds all of it anew for each row of each query.
 */
import type { Database, PreparedStatement, Sqlite3Static } from "@sqlite.org/sqlite-wasm";

/** The rows that have a word, rising, and how often each has it. */
export interface Postings {
  rows: Uint32Array;
  counts: Uint16Array;
}

/** Sums by row while words are counted; all 0 between two uses. */
export interface Scratch {
  ranks: Float64Array;
  shares: Float64Array;
  words: Uint8Array;
}

/** Postings are kept up to so many entries in all. */
const CACHED_ENTRIES = 2_000_000;
/** Lengths are read so many rows at a time. */
const SIZE_BLOCK = 128;
const COLUMN = "sqlite3_column_int";
const STEP = "sqlite3_step";

type Bare = Record<typeof COLUMN | typeof STEP | "sqlite3_column_bytes" | "sqlite3_column_blob", (...args: number[]) => number>;

export class WordIndex {
  private readonly terms = new Map<string, string | null>();
  private readonly kept = new Map<string, Postings>();
  private entries = 0;
  private averages: { rows: number; meanSize: number } | null = null;
  private sizes = new Uint32Array(0);
  private known = new Uint8Array(0);
  private sums: Scratch = { ranks: new Float64Array(0), shares: new Float64Array(0), words: new Uint8Array(0) };
  private readonly statements: { term: PreparedStatement; rows: PreparedStatement; sizes: PreparedStatement };

  /** Makes temporary tables beside `fts`, the full-text table of `database`. */
  constructor(private readonly sqlite3: Sqlite3Static, private readonly database: Database, tokenize: string) {
    database.exec(`
      create virtual table temp.one_word using fts5(word, content = '', tokenize = '${tokenize}');
      create virtual table temp.one_word_terms using fts5vocab(temp, one_word, instance);
      create virtual table temp.fts_terms using fts5vocab(main, fts, instance)`);
    this.statements = {
      term: database.prepare("select term from temp.one_word_terms"),
      rows: database.prepare("select doc - 1 from temp.fts_terms where term = ?"),
      sizes: database.prepare("select id - 1, sz from fts_docsize where id between ? and ?"),
    };
  }

  /** Where a word occurs; null where the tokenizer makes no single term of it. */
  postings(word: string): Postings | null {
    const term = this.term(word);
    if (term === null) return null;
    const found = this.kept.get(term) ?? this.read(term);
    this.kept.delete(term);
    this.kept.set(term, found);
    for (const [oldest, { rows }] of this.kept) {
      if (this.entries <= CACHED_ENTRIES || oldest === term) break;
      this.kept.delete(oldest);
      this.entries -= rows.length;
    }
    return found;
  }

  /** How many rows there are, and how many terms one has on average. */
  totals(): { rows: number; meanSize: number } {
    this.averages ??= this.readAverages();
    return this.averages;
  }

  /** The number of terms by row, at least where it is one of `rows`. */
  sizesOf(rows: ArrayLike<number>): Uint32Array {
    for (let i = 0; i < rows.length; i++) {
      const block = Math.floor(rows[i]! / SIZE_BLOCK);
      if (!this.known[block]) this.readSizes(block);
    }
    return this.sizes;
  }

  /** Room for sums over the first `rows` rows. */
  scratch(rows: number): Scratch {
    if (rows > this.sums.words.length) {
      const room = Math.max(rows, this.totals().rows);
      this.sums = { ranks: new Float64Array(room), shares: new Float64Array(room), words: new Uint8Array(room) };
    }
    return this.sums;
  }

  /** The table has changed. */
  forget(): void {
    this.kept.clear();
    this.entries = 0;
    this.averages = null;
    this.known.fill(0);
  }

  close(): void {
    this.forget();
    for (const statement of Object.values(this.statements)) statement.finalize();
  }

  private term(word: string): string | null {
    const before = this.terms.get(word);
    if (before !== undefined) return before;
    this.database.exec("insert into temp.one_word(one_word) values ('delete-all')");
    this.database.exec({ sql: "insert into temp.one_word(rowid, word) values (1, ?)", bind: [word] });
    const terms: string[] = [];
    const { term } = this.statements;
    try {
      while (term.step()) terms.push(term.getString(0) ?? "");
    } finally {
      term.reset();
    }
    const found = terms.length === 1 ? terms[0]! : null;
    if (this.terms.size > 10_000) this.terms.clear();
    this.terms.set(word, found);
    return found;
  }

  private read(term: string): Postings {
    const { rows: statement } = this.statements;
    const rows: number[] = [];
    const counts: number[] = [];
    statement.bind([term]);
    this.each(statement, (pointer, { [COLUMN]: int }) => {
      const row = int(pointer, 0);
      if (rows.length && rows[rows.length - 1] === row) counts[counts.length - 1]!++;
      else {
        rows.push(row);
        counts.push(1);
      }
    });
    this.entries += rows.length;
    return { rows: Uint32Array.from(rows), counts: Uint16Array.from(counts, (count) => Math.min(count, 65535)) };
  }

  private readAverages(): { rows: number; meanSize: number } {
    const block = this.database.selectValue("select block from fts_data where id = 1");
    const [rows = 0, ...sizes] = block instanceof Uint8Array ? varints(block, 0, block.length) : [];
    return { rows, meanSize: sizes.reduce((sum, size) => sum + size, 0) / rows };
  }

  private readSizes(block: number): void {
    const first = block * SIZE_BLOCK;
    const { sizes: statement } = this.statements;
    if (first + SIZE_BLOCK > this.sizes.length) {
      const count = Math.max(first + SIZE_BLOCK, this.totals().rows);
      this.sizes = grown(this.sizes, new Uint32Array(count));
      this.known = grown(this.known, new Uint8Array(Math.ceil(count / SIZE_BLOCK)));
    }
    statement.bind([first + 1, first + SIZE_BLOCK]);
    this.each(statement, (pointer, bare) => {
      const length = bare.sqlite3_column_bytes(pointer, 1);
      const at = bare.sqlite3_column_blob(pointer, 1);
      let size = 0;
      for (const value of varints(this.sqlite3.wasm.heap8u(), at, length)) size += value;
      this.sizes[bare[COLUMN](pointer, 0)] = size;
    });
    this.known[block] = 1;
  }

  /** Every row of a statement by the bare functions, since the comfortable ones cost more than the rows; then resets it. */
  private each(statement: PreparedStatement, visit: (pointer: number, bare: Bare) => void): void {
    const { capi, wasm } = this.sqlite3;
    const bare = wasm.exports as unknown as Bare;
    const pointer = Number(statement.pointer!);
    try {
      let code = bare[STEP](pointer);
      for (; code === capi.SQLITE_ROW; code = bare[STEP](pointer)) visit(pointer, bare);
      if (code !== capi.SQLITE_DONE) this.database.checkRc(code);
    } finally {
      statement.reset();
    }
  }
}

function grown<T extends Uint32Array | Uint8Array>(old: T, fresh: T): T {
  fresh.set(old);
  return fresh;
}

/** SQLite's variable-length integers: seven bits a byte, the most significant first. */
function varints(bytes: Uint8Array, from: number, length: number): number[] {
  const found: number[] = [];
  let value = 0;
  for (let at = from; at < from + length; at++) {
    value = value * 128 + (bytes[at]! & 127);
    if (bytes[at]! < 128) {
      found.push(value);
      value = 0;
    }
  }
  return found;
}
