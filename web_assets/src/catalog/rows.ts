/** Reading many rows of a statement. */
import type { Database, PreparedStatement, Sqlite3Static } from "@sqlite.org/sqlite-wasm";

/** SQLite's own functions. The library's convenience functions would take longer than reading the rows of a common word. */
export type Bare = Record<
  "sqlite3_step" | "sqlite3_column_int" | "sqlite3_column_double" | "sqlite3_column_bytes" | "sqlite3_column_blob", (...args: number[]) => number
>;

/** Call `visit` for every row of a statement that has its values; then reset the statement. */
export function eachRow(
  sqlite3: Sqlite3Static, database: Database, statement: PreparedStatement, visit: (pointer: number, bare: Bare) => void,
): void {
  const { capi, wasm } = sqlite3;
  const bare = wasm.exports as unknown as Bare;
  const pointer = Number(statement.pointer!);
  try {
    let code = bare.sqlite3_step(pointer);
    for (; code === capi.SQLITE_ROW; code = bare.sqlite3_step(pointer)) visit(pointer, bare);
    if (code !== capi.SQLITE_DONE) database.checkRc(code);
  } finally {
    statement.reset();
  }
}
