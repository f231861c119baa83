/** SQLite in WebAssembly: loaded on first use, over a database held in memory. */
import { part } from "../base/errors";
import type { Database, Sqlite3Static } from "@sqlite.org/sqlite-wasm";

type Init = (options: {
  wasmBinary: Uint8Array;
  print: (text: string) => void;
  printErr: (text: string) => void;
}) => Promise<Sqlite3Static>;

let loading: Promise<Sqlite3Static> | null = null;

/** The library, compiled once; a failure may be tried again. `binary` is the content of sqlite3.wasm. */
export function loadSqlite(binary: () => Promise<Uint8Array>): Promise<Sqlite3Static> {
  loading ??= (async () => {
    const [module, wasmBinary] = await Promise.all([part(import("@sqlite.org/sqlite-wasm"), "default"), binary()]);
    const quiet = () => undefined;
    const sqlite3 = await (module.default as unknown as Init)({ wasmBinary, print: quiet, printErr: quiet });
    // A refused expression is an answer here, not something for the console.
    (sqlite3 as unknown as { config: { warn: () => void } }).config.warn = quiet;
    return sqlite3;
  })().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

/** Open a database in memory from the bytes of its file. */
export function openDatabase(sqlite3: Sqlite3Static, file: Uint8Array): Database {
  const { capi, wasm } = sqlite3;
  const database = new sqlite3.oo1.DB(":memory:");
  try {
    const pointer = wasm.allocFromTypedArray(file);
    const code = capi.sqlite3_deserialize(
      database.pointer!, "main", pointer, file.length, file.length,
      capi.SQLITE_DESERIALIZE_FREEONCLOSE | capi.SQLITE_DESERIALIZE_RESIZEABLE,
    );
    database.checkRc(code);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
