/** A full-text table in memory, for texts that are not in the site's files. */
import type { Database } from "@sqlite.org/sqlite-wasm";
import type { FullText } from "./full-text";
import { loadSqlite } from "./sqlite";
import { analyze } from "./analysis";
import { checkNames, marks, quoted, text, WholeCatalog, type TableOptions } from "./whole-catalog";

export class SmallCatalog {
  private given: readonly (readonly string[])[] = [];
  /** The current content of the table, by row. */
  private stored: string[][] = [];

  private constructor(private readonly database: Database, private readonly catalog: WholeCatalog) {}

  static async open({ sqlite, columns, tokenize }: TableOptions): Promise<SmallCatalog> {
    checkNames(columns, tokenize);
    const sqlite3 = await loadSqlite(sqlite);
    const database = new sqlite3.oo1.DB(":memory:");
    database.exec(`create virtual table fts using fts5(${quoted(columns)}, content = '', tokenize = ${text(tokenize)})`);
    return new SmallCatalog(database, WholeCatalog.over(sqlite3, database, columns, tokenize));
  }

  /** Full text over `texts` (one list per row, one text per column), in place of those given before. */
  over(texts: readonly (readonly string[])[]): FullText {
    if (texts === this.given) return this.catalog;
    const names = quoted(this.catalog.columns);
    const wanted = texts.map((row) => row.map(analyze));
    const before = this.stored;
    const change = (sql: string, row: number, values: readonly string[]) => { this.database.exec({ sql, bind: [row + 1, ...values] }); };
    this.database.transaction(() => {
      for (let row = 0; row < Math.max(before.length, wanted.length); row++) {
        const [old, fresh] = [before[row], wanted[row]];
        if (old && fresh && old.every((text, i) => text === fresh[i])) continue;
        // A table without content needs the old texts to delete a row.
        if (old) change(`insert into fts(fts, rowid, ${names}) values ('delete', ?, ${marks(this.catalog.columns)})`, row, old);
        if (fresh) change(`insert into fts(rowid, ${names}) values (?, ${marks(this.catalog.columns)})`, row, fresh);
      }
    });
    this.stored = wanted;
    this.given = texts;
    this.catalog.forget();
    return this.catalog;
  }

  close(): void {
    this.catalog.close();
  }
}
