/**
 * What ranking by single words needs from an FTS5 table, read once and kept: which rows have a word and how often, how
 * long each row is. SQLite's own bm25 looks all of this up again for each row of each query.
 */
import { eachRow } from "./rows";
import type { Database, PreparedStatement, Sqlite3Static } from "@sqlite.org/sqlite-wasm";

/** The rows that have a word, ascending, and how many times each has it. */
export interface Postings {
  rows: Uint32Array;
  times: Uint16Array;
}

/** The largest number of postings in the cache. */
const CACHED_ENTRIES = 2_000_000;
/** How many rows have their lengths read at a time. */
const SIZE_BLOCK = 128;
/** How many terms are tried to find one that the tokenizer leaves unchanged. */
const TRIED_TERMS = 100;

export class WordIndex {
  private readonly terms = new Map<string, string | null>();
  private readonly kept = new Map<string, Postings>();
  private entries = 0;
  private averages: { rows: number; size: number } | null = null;
  private sizes = new Uint32Array(0);
  private known = new Uint8Array(0);
  private readonly statements: Record<"term" | "rows" | "sizes" | "next", PreparedStatement>;

  /** Makes temporary tables beside `fts`, the full-text table of `database`. */
  constructor(private readonly sqlite3: Sqlite3Static, private readonly database: Database, tokenize: string) {
    const tokenizer = `'${tokenize.replaceAll("'", "''")}'`;
    database.exec(`
      create virtual table temp.one_word using fts5(word, content = '', tokenize = ${tokenizer});
      create virtual table temp.one_word_terms using fts5vocab(temp, one_word, instance);
      create virtual table temp.fts_terms using fts5vocab(main, fts, instance)`);
    this.statements = {
      term: database.prepare("select term from temp.one_word_terms"),
      rows: database.prepare("select doc - 1 from temp.fts_terms where term = ?"),
      next: database.prepare("select term from temp.fts_terms where term > ? limit 1"),
      sizes: database.prepare("select id - 1, sz from fts_docsize where id between ? and ?"),
    };
  }

  /** The rows of a word; null if the tokenizer does not make a single term of it. */
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

  /** A word that occurs in some row; null if there is none. */
  someWord(): string | null {
    const { next } = this.statements;
    let term = "";
    for (let tried = 0; tried < TRIED_TERMS; tried++) {
      try {
        next.bind([term]);
        if (!next.step()) return null;
        term = next.getString(0) ?? "";
      } finally {
        next.reset();
      }
      // A stemming tokenizer may turn a term into a different one.
      if (this.postings(term)?.rows.length) return term;
    }
    return null;
  }

  /** The number of rows, and the number of terms in all of them. */
  totals(): { rows: number; size: number } {
    this.averages ??= this.readAverages();
    return this.averages;
  }

  /** The number of terms by row, read at least for `rows`. */
  sizesOf(rows: ArrayLike<number>): Uint32Array {
    for (let i = 0; i < rows.length; i++) {
      const block = Math.floor(rows[i]! / SIZE_BLOCK);
      if (!this.known[block]) this.readSizes(block);
    }
    return this.sizes;
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
    const times: number[] = [];
    statement.bind([term]);
    eachRow(this.sqlite3, this.database, statement, (pointer, { sqlite3_column_int: int }) => {
      const row = int(pointer, 0);
      if (rows.length && rows[rows.length - 1] === row) times[times.length - 1]!++;
      else {
        rows.push(row);
        times.push(1);
      }
    });
    this.entries += rows.length;
    return { rows: Uint32Array.from(rows), times: Uint16Array.from(times, (count) => Math.min(count, 65535)) };
  }

  private readAverages(): { rows: number; size: number } {
    const block = this.database.selectValue("select block from fts_data where id = 1");
    const [rows = 0, ...sizes] = block instanceof Uint8Array ? varints(block, 0, block.length) : [];
    return { rows, size: sizes.reduce((sum, size) => sum + size, 0) };
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
    eachRow(this.sqlite3, this.database, statement, (pointer, bare) => {
      const length = bare.sqlite3_column_bytes(pointer, 1);
      const at = bare.sqlite3_column_blob(pointer, 1);
      let size = 0;
      for (const value of varints(this.sqlite3.wasm.heap8u(), at, length)) size += value;
      this.sizes[bare.sqlite3_column_int(pointer, 0)] = size;
    });
    this.known[block] = 1;
  }
}

function grown<T extends Uint32Array | Uint8Array>(old: T, fresh: T): T {
  fresh.set(old);
  return fresh;
}

/** SQLite's variable-length integers: seven bits per byte, the most significant first. */
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
