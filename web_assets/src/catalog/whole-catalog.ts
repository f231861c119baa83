/** Full text over one FTS5 table that is in memory as a whole. */
import type { BindableValue, Database, Sqlite3Static } from "@sqlite.org/sqlite-wasm";
import { FormatError } from "../format/errors";
import { COUNT_PHRASES, counting, JOINT_BM25, ranking, registerBm25 } from "./bm25";
import { analyzeQuery, locate, terms } from "./analysis";
import { addCounts, type Counts } from "./counts";
import { SyntaxProblem } from "./expression";
import type { FullText, Matches } from "./full-text";
import { cut } from "./highlight";
import { rankWords, type Ranked } from "./rank-words";
import { eachRow, type Bare } from "./rows";
import { loadSqlite, openDatabase } from "./sqlite";
import { WordIndex, type Postings } from "./word-index";

export interface TableOptions {
  /** The content of sqlite3.wasm. */
  sqlite: () => Promise<Uint8Array>;
  /** The table's columns, as the manifest lists them. */
  columns: readonly string[];
  tokenize: string;
}

export interface CatalogOptions extends TableOptions {
  /** The database file, decoded. */
  file: Uint8Array;
}

const IDENTIFIER = /^[a-z][a-z0-9_]*$/;
const TOKENIZE = /^[A-Za-z0-9_ '*]+$/;
const CACHED_EXPRESSIONS = 24;
const CACHED_WORDS = 48;
/** Private-use characters around a matched word, which no stored text has. */
const OPEN = "\u{f0000}";
const CLOSE = "\u{f0001}";

export class WholeCatalog implements FullText {
  private readonly matches = new Map<string, Matches>();
  private readonly unranked = new Map<string, Uint32Array>();
  private readonly phrases = new Map<string, Counts>();

  private constructor(
    private readonly sqlite3: Sqlite3Static, private readonly database: Database, readonly columns: readonly string[],
    private readonly words: WordIndex,
  ) {}

  /** Throws FormatError if the file is not a catalog, and the error of loading SQLite if that fails. */
  static async open({ sqlite, file, columns, tokenize }: CatalogOptions): Promise<WholeCatalog> {
    checkNames(columns, tokenize);
    const sqlite3 = await loadSqlite(sqlite);
    return WholeCatalog.over(sqlite3, openDatabase(sqlite3, file), columns, tokenize);
  }

  /** Opens the table `fts` of a database. The database is closed with the catalog, or if opening fails. */
  static over(sqlite3: Sqlite3Static, database: Database, columns: readonly string[], tokenize: string): WholeCatalog {
    try {
      database.exec("pragma temp_store = 2; pragma trusted_schema = off");
      const names = quoted(columns);
      database.exec(`select rowid, ${names} from fts limit 0`);
      database.exec(`create virtual table temp.marked using fts5(${names}, tokenize = ${text(tokenize)})`);
      registerBm25(sqlite3, database);
      return new WholeCatalog(sqlite3, database, columns, new WordIndex(sqlite3, database, tokenize));
    } catch (cause) {
      database.close();
      throw new FormatError("The catalog is damaged, or its columns differ from those in the manifest.", { cause });
    }
  }

  async rank(
    words: readonly string[], allowed: ((row: number) => boolean) | null, weigh: (having: number) => number, beside: Counts | null = null,
  ): Promise<Ranked | null> {
    return this.guard(() => {
      const lists = this.postings(words);
      if (!lists) return null;
      const counts = addCounts({ ...this.words.totals(), having: lists.map(({ rows }) => rows.length) }, beside);
      const sized = lists.map(({ rows, times }) => {
        const sizes = this.words.sizesOf(rows);
        return { rows, times, sizes: rows.map((row) => sizes[row]!) };
      });
      return rankWords(sized, counts, allowed, weigh);
    });
  }

  async countWords(words: readonly string[]): Promise<Counts | null> {
    return this.guard(() => {
      const lists = this.postings(words);
      return lists && { ...this.words.totals(), having: lists.map(({ rows }) => rows.length) };
    });
  }

  async withWord(word: string): Promise<Uint32Array> {
    const postings = this.guard(() => this.words.postings(terms(word)));
    return postings?.rows ?? await this.having(`"${word.replaceAll('"', '""')}"`);
  }

  async match(expression: string, beside: Counts | null = null): Promise<Matches> {
    const spaced = analyzeQuery(expression);
    const key = beside ? `${spaced}\0${JSON.stringify(beside)}` : spaced;
    return remembered(this.matches, key, CACHED_EXPRESSIONS, () => this.query(spaced, beside));
  }

  async having(expression: string): Promise<Uint32Array> {
    const spaced = analyzeQuery(expression);
    return remembered(this.unranked, spaced, CACHED_WORDS, () => {
      const rows: number[] = [];
      this.each("select rowid - 1 from fts where fts match ?", [spaced], (pointer, bare) => rows.push(bare.sqlite3_column_int(pointer, 0)));
      return Uint32Array.from(rows);
    });
  }

  async countPhrases(expression: string): Promise<Counts> {
    return this.countsOf(analyzeQuery(expression));
  }

  async highlight(texts: readonly string[], expression: string): Promise<string[][]> {
    const located = texts.map(locate);
    const calls = this.columns.map((_, i) => `highlight(marked, ${i}, '${OPEN}', '${CLOSE}')`).join(", ");
    this.database.exec("delete from temp.marked");
    this.database.exec({ sql: `insert into temp.marked values (${marks(this.columns)})`, bind: located.map(({ stored }) => stored) });
    const rows = this.guard(() => this.database.exec({
      sql: `select ${calls} from temp.marked where marked match ?`,
      bind: [analyzeQuery(expression)],
      rowMode: "array",
      returnValue: "resultRows",
    }));
    const marked = rows[0] as string[] | undefined;
    return texts.map((text, i) => (marked ? cut(text, located[i]!, ranges(marked[i] ?? "")) : [text]));
  }

  /** Discard what was read from the table, because its rows have changed. */
  forget(): void {
    this.matches.clear();
    this.unranked.clear();
    this.phrases.clear();
    this.words.forget();
  }

  close(): void {
    this.forget();
    this.words.close();
    this.database.close();
  }

  /** The rows of each word; null if one of them is not a single term. */
  private postings(words: readonly string[]): Postings[] | null {
    const lists: Postings[] = [];
    for (const word of words) {
      const postings = this.words.postings(terms(word));
      if (!postings) return null;
      lists.push(postings);
    }
    return lists;
  }

  /** @param beside counts of other tables; without them SQLite's own function ranks */
  private query(expression: string, beside: Counts | null): Matches {
    const rows: number[] = [];
    const ranks: number[] = [];
    const read = (rank: string) => {
      this.each(`select rowid - 1, ${rank}(fts) from fts where fts match ?`, [expression], (pointer, bare) => {
        rows.push(bare.sqlite3_column_int(pointer, 0));
        ranks.push(bare.sqlite3_column_double(pointer, 1));
      });
    };
    if (beside) ranking(addCounts(this.countsOf(expression), beside), () => { read(JOINT_BM25); });
    else read("bm25");
    const order = Uint32Array.from(rows.keys()).sort((a, b) => ranks[a]! - ranks[b]! || rows[a]! - rows[b]!);
    return { rows: order.map((i) => rows[i]!), ranks: Float64Array.from(order, (i) => ranks[i]!) };
  }

  /** @param expression as passed to SQLite */
  private countsOf(expression: string): Counts {
    return remembered(this.phrases, expression, CACHED_EXPRESSIONS, () => {
      const count = (match: string) => counting(() => {
        this.each(`select ${COUNT_PHRASES}(fts) from fts where fts match ? limit 1`, [match], () => undefined);
      });
      const counts = count(expression);
      if (counts) return counts;
      // FTS5 counts phrases only on a matching row. A word that occurs somewhere, added as the last phrase, ensures a match.
      const word = this.guard(() => this.words.someWord());
      const wider = word === null || !expression.trim() ? null : count(`(${expression}) OR "${word.replaceAll('"', '""')}"`);
      return wider ? { ...wider, having: wider.having.slice(0, -1) } : { ...this.words.totals(), having: [] };
    });
  }

  private each(sql: string, bind: BindableValue[], visit: (pointer: number, bare: Bare) => void): void {
    this.guard(() => {
      const statement = this.database.prepare(sql);
      try {
        statement.bind(bind);
        eachRow(this.sqlite3, this.database, statement, visit);
      } finally {
        statement.finalize();
      }
    });
  }

  /** Errors of the expression become SyntaxProblem; damage becomes FormatError. */
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

/** @throws FormatError for names that must not become part of SQL */
export function checkNames(columns: readonly string[], tokenize: string): void {
  if (!columns.every((name) => IDENTIFIER.test(name)) || !TOKENIZE.test(tokenize)) {
    throw new FormatError("The catalog has no valid column names or tokenizer.");
  }
}

export function quoted(columns: readonly string[]): string {
  return columns.map((name) => `"${name}"`).join(", ");
}

export function marks(columns: readonly string[]): string {
  return columns.map(() => "?").join(", ");
}

/** A text as SQL. */
export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** The marked ranges of a text, in units of the text without marks. */
function ranges(marked: string): [from: number, to: number][] {
  const found: [number, number][] = [];
  let [at, from] = [0, 0];
  for (const character of marked) {
    if (character === OPEN) from = at;
    else if (character === CLOSE) found.push([from, at]);
    else at += character.length;
  }
  return found;
}

/** The cached value of a key, computed if it is missing; the least recently used entry is dropped. */
function remembered<T>(cache: Map<string, T>, key: string, size: number, make: () => T): T {
  const value = cache.get(key) ?? make();
  cache.delete(key);
  cache.set(key, value);
  if (cache.size > size) cache.delete(cache.keys().next().value!);
  return value;
}
