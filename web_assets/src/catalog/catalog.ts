/** Full text over one FTS5 table: matches ranked by bm25, counts, highlighted words. */
import type { Database, Sqlite3Static } from "@sqlite.org/sqlite-wasm";
import { FormatError } from "../format/errors";
import { spaceCjk, spaceCjkQuery } from "./cjk";
import { cut } from "./highlight";
import { rankWords, type Ranked } from "./rank-words";
import { loadSqlite, openDatabase } from "./sqlite";
import { WordIndex, type Postings } from "./word-index";

export interface CatalogOptions {
  /** The content of sqlite3.wasm. */
  sqlite: () => Promise<Uint8Array>;
  /** The database file, decoded. */
  file: Uint8Array;
  /** The table's columns, as the manifest lists them. */
  columns: string[];
  tokenize: string;
}

/** The rows that match an expression, best first (least bm25; ties in row order). */
export interface Matches {
  rows: Uint32Array;
}

/** The expression is not FTS5 syntax. */
export class SyntaxProblem extends Error {
  override readonly name = "SyntaxProblem";
}

const IDENTIFIER = /^[a-z][a-z0-9_]*$/;
const TOKENIZE = /^[a-z0-9_ ]+$/;
const CACHED_EXPRESSIONS = 24;
const CACHED_WORDS = 48;
/** Private-use characters around a matched word; they are taken out of the text first. */
const OPEN = "\u{f0000}";
const CLOSE = "\u{f0001}";

export class Catalog {
  private readonly cache = new Map<string, Matches>();
  private readonly unranked = new Map<string, Uint32Array>();

  /** Texts of rows beyond the file's own, by row. */
  private readonly appended = new Map<number, readonly string[]>();

  private constructor(
    private readonly sqlite3: Sqlite3Static, private readonly database: Database, readonly columns: readonly string[],
    private readonly words: WordIndex,
  ) {}

  /** Throws FormatError where the file is no catalog; whatever loading SQLite throws. */
  static async open({ sqlite, file, columns, tokenize }: CatalogOptions): Promise<Catalog> {
    if (!columns.every((name) => IDENTIFIER.test(name)) || !TOKENIZE.test(tokenize)) {
      throw new FormatError("The catalog has no valid column names or tokenizer.");
    }
    const sqlite3 = await loadSqlite(sqlite);
    const database = openDatabase(sqlite3, file);
    try {
      database.exec("pragma temp_store = 2; pragma trusted_schema = off");
      const names = columns.map((name) => `"${name}"`).join(", ");
      database.exec(`select rowid, ${names} from fts limit 0`);
      database.exec(`create virtual table temp.marked using fts5(${names}, tokenize = '${tokenize}')`);
      return new Catalog(sqlite3, database, columns, new WordIndex(sqlite3, database, tokenize));
    } catch (cause) {
      database.close();
      throw new FormatError("The catalog is damaged or has other columns than the manifest says.", { cause });
    }
  }

  /**
   * Rows by the words they have, ranked by bm25 like those of `match`: what the words of a plain query are answered from.
   * Null where the tokenizer does not take each of `words` for one term.
   * @param allowed whether a row may be a result
   * @param weigh the weight of a word that so many rows have, for the shares
   */
  rank(words: readonly string[], allowed: ((row: number) => boolean) | null, weigh: (having: number) => number): Ranked | null {
    return this.guard(() => {
      const lists: Postings[] = [];
      for (const word of words) {
        const postings = this.words.postings(spaceCjk(word.replaceAll("\0", " ")));
        if (!postings) return null;
        lists.push(postings);
      }
      return rankWords(this.words, lists, allowed, weigh);
    });
  }

  /** The rows that have a word, in row order. */
  withWord(word: string): Uint32Array {
    return this.guard(() => this.words.postings(spaceCjk(word.replaceAll("\0", " "))))?.rows ?? this.having(`"${word.replaceAll('"', '""')}"`);
  }

  /**
   * All rows that match an FTS5 expression, by SQLite's bm25 with equal weights.
   * @throws SyntaxProblem where SQLite refuses the expression
   */
  match(expression: string): Matches {
    const spaced = prepare(expression);
    return remembered(this.cache, spaced, CACHED_EXPRESSIONS, () => this.query(spaced));
  }

  /** All rows that match an expression, in row order, unranked. */
  having(expression: string): Uint32Array {
    const spaced = prepare(expression);
    return remembered(this.unranked, spaced, CACHED_WORDS, () => {
      const rows: number[] = [];
      this.guard(() => {
        const statement = this.database.prepare("select rowid - 1 from fts where fts match ?");
        try {
          statement.bind([spaced]);
          const pointer = statement.pointer!;
          while (statement.step()) rows.push(this.sqlite3.capi.sqlite3_column_int(pointer, 0));
        } finally {
          statement.finalize();
        }
      });
      return Uint32Array.from(rows);
    });
  }

  /**
   * `texts` (one a column, "" where there is none) cut at the words that match `expression`: alternating
   * plain and matched pieces, starting with a plain one. All plain where the expression does not match.
   */
  highlight(texts: readonly string[], expression: string): string[][] {
    const clean = texts.map((text) => text.replaceAll(OPEN, " ").replaceAll(CLOSE, " ").replaceAll("\0", " "));
    const marks = this.columns.map(() => "?").join(", ");
    const calls = this.columns.map((_, i) => `highlight(marked, ${i}, '${OPEN}', '${CLOSE}')`).join(", ");
    this.database.exec("delete from temp.marked");
    this.database.exec({ sql: `insert into temp.marked values (${marks})`, bind: clean.map(spaceCjk) });
    const rows = this.guard(() => this.database.exec({
      sql: `select ${calls} from temp.marked where marked match ?`,
      bind: [prepare(expression)],
      rowMode: "array",
      returnValue: "resultRows",
    }));
    const marked = rows[0] as string[] | undefined;
    return clean.map((text, i) => (marked ? cut(text, marked[i] ?? "", OPEN, CLOSE) : [text]));
  }

  /**
   * Make `texts` (one list a row, one text a column) the rows from `first` on, in place of all that were appended
   * before. They are rows like any other: they count in bm25 too.
   */
  append(first: number, texts: readonly (readonly string[])[]): void {
    const wanted = new Map(texts.map((row, i) => [first + i, row.map((text) => spaceCjk(text.replaceAll("\0", " ")))]));
    const same = (row: number) => {
      const [old, fresh] = [this.appended.get(row), wanted.get(row)];
      return old !== undefined && fresh !== undefined && old.every((text, i) => text === fresh[i]);
    };
    const gone = [...this.appended.keys()].filter((row) => !same(row));
    const come = [...wanted.keys()].filter((row) => !same(row));
    if (!gone.length && !come.length) return;
    const names = this.columns.map((name) => `"${name}"`).join(", ");
    const marks = this.columns.map(() => "?").join(", ");
    this.guard(() => {
      this.database.transaction(() => {
        // A contentless table forgets a row by being told what it held.
        for (const row of gone) this.change(`insert into fts(fts, rowid, ${names}) values ('delete', ?, ${marks})`, row, this.appended.get(row)!);
        for (const row of come) this.change(`insert into fts(rowid, ${names}) values (?, ${marks})`, row, wanted.get(row)!);
      });
    });
    this.appended.clear();
    for (const [row, columns] of wanted) this.appended.set(row, columns);
    this.words.forget();
    this.cache.clear();
    this.unranked.clear();
  }

  close(): void {
    this.cache.clear();
    this.unranked.clear();
    this.words.close();
    this.database.close();
  }

  private change(sql: string, row: number, texts: readonly string[]): void {
    this.database.exec({ sql, bind: [row + 1, ...texts] });
  }

  private query(expression: string): Matches {
    const rows: number[] = [];
    const ranks: number[] = [];
    this.guard(() => {
      const { capi, wasm } = this.sqlite3;
      // The bare functions: the comfortable ones cost more than the search where a word is in every text.
      const exports = wasm.exports as unknown as Record<"sqlite3_step" | "sqlite3_column_int" | "sqlite3_column_double", (...args: number[]) => number>;
      const statement = this.database.prepare("select rowid, bm25(fts) from fts where fts match ?");
      try {
        statement.bind([expression]);
        const pointer = Number(statement.pointer!);
        let code = exports.sqlite3_step(pointer);
        for (; code === capi.SQLITE_ROW; code = exports.sqlite3_step(pointer)) {
          rows.push(exports.sqlite3_column_int(pointer, 0) - 1);
          ranks.push(exports.sqlite3_column_double(pointer, 1));
        }
        if (code !== capi.SQLITE_DONE) this.database.checkRc(code);
      } finally {
        statement.finalize();
      }
    });
    const order = Uint32Array.from(rows.keys()).sort((a, b) => ranks[a]! - ranks[b]! || rows[a]! - rows[b]!);
    return { rows: order.map((i) => rows[i]!) };
  }

  /** Errors of the expression become SyntaxProblem; damage stays an error of its own. */
  private guard<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      const code = (error as { resultCode?: number }).resultCode;
      const message = error instanceof Error ? error.message : String(error);
      if (code === this.sqlite3.capi.SQLITE_ERROR) {
        throw new SyntaxProblem(message.replace(/^.*?SQLITE_ERROR: sqlite3 result code \d+: /s, ""), { cause: error });
      }
      throw new FormatError(`The catalog cannot be read (${message}).`, { cause: error });
    }
  }
}

/** An expression as SQLite is to see it; a NUL would end it early. */
function prepare(expression: string): string {
  return spaceCjkQuery(expression.replaceAll("\0", " "));
}

/** What a cache holds for a key, made where it does not; the entry used longest ago gives way. */
function remembered<T>(cache: Map<string, T>, key: string, size: number, make: () => T): T {
  const value = cache.get(key) ?? make();
  cache.delete(key);
  cache.set(key, value);
  if (cache.size > size) cache.delete(cache.keys().next().value!);
  return value;
}
