/**
 * SQLite's bm25, computed here from the phrase hits that FTS5 reports for a row. SQLite's own function counts one table only; this one
 * takes counts, so that rows of several tables can be ranked as if they were in one.
 */
import type { Database, Sqlite3Static } from "@sqlite.org/sqlite-wasm";
import type { Counts } from "./counts";

/** The constants of SQLite's bm25. */
const K1 = 1.2;
const B = 0.75;

/** The weight (inverse document frequency) of a phrase that `having` of `rows` rows have. */
export function rarity(rows: number, having: number): number {
  const value = Math.log((rows - having + 0.5) / (having + 0.5));
  return value <= 0 ? 1e-6 : value;
}

/** What a phrase adds to the score of a row. The operations and their order are those of SQLite, so that ties stay ties. */
export function gain(rarity: number, times: number, size: number, meanSize: number): number {
  return rarity * ((times * (K1 + 1)) / (times + K1 * (1 - B + (B * size) / meanSize)));
}

/** An SQL function: the bm25 of a row, with the counts that `ranking` sets. */
export const JOINT_BM25 = "joint_bm25";
/** An SQL function: reads the counts of the table once, for `counting`; its value is null. */
export const COUNT_PHRASES = "count_phrases";

/** Fields of SQLite's `fts5_api` and `Fts5ExtensionApi` (fts5.h), in bytes from their start. */
const CREATE_FUNCTION = 12;
const FIELDS = { rowCount: 12, totalSize: 16, phraseCount: 24, instCount: 32, inst: 36, columnSize: 48, queryPhrase: 52 } as const;
type Extension = Record<keyof typeof FIELDS, (...args: number[]) => number>;

interface Wasm {
  alloc(size: number): number;
  allocCString(text: string): number;
  heap32(): Int32Array;
  peek(address: number, type: "i64"): bigint;
  functionEntry(address: number): (...args: unknown[]) => number;
  installFunction(signature: string, run: (...args: number[]) => unknown): number;
  exports: Record<"sqlite3_bind_pointer" | "sqlite3_step", (...args: number[]) => number>;
}

/** What the current statement counts, or ranks by. Statements run without interruption, so there is at most one. */
let counted: Counts | null = null;
let weights: { rarities: readonly number[]; times: Float64Array; meanSize: number } | null = null;

const installed = new WeakMap<Sqlite3Static, { count: number; rank: number }>();

/** Make both functions known to a database. */
export function registerBm25(sqlite3: Sqlite3Static, database: Database): void {
  const wasm = sqlite3.wasm as unknown as Wasm;
  const functions = installed.get(sqlite3) ?? install(sqlite3, wasm);
  installed.set(sqlite3, functions);
  const api = fts5Api(wasm, database);
  const create = wasm.functionEntry(wasm.heap32()[(api + CREATE_FUNCTION) >> 2]!);
  for (const [name, run] of [[COUNT_PHRASES, functions.count], [JOINT_BM25, functions.rank]] as const) {
    database.checkRc(create(api, wasm.allocCString(name), 0, run, 0));
  }
}

/** What COUNT_PHRASES counts while `run` runs a statement; null if no row called it. */
export function counting(run: () => void): Counts | null {
  counted = null;
  run();
  return counted;
}

/** Let JOINT_BM25 rank by `counts` while `run` runs a statement. */
export function ranking({ rows, size, having }: Counts, run: () => void): void {
  weights = { rarities: having.map((some) => rarity(rows, some)), times: new Float64Array(having.length), meanSize: size / rows };
  try {
    run();
  } finally {
    weights = null;
  }
}

function install(sqlite3: Sqlite3Static, wasm: Wasm): { count: number; rank: number } {
  const { capi } = sqlite3;
  const room = wasm.alloc(16);
  const at = room >> 2;
  let extension: Extension | null = null;
  const of = (api: number): Extension => (extension ??= Object.fromEntries(Object.entries(FIELDS).map(
    ([name, offset]) => [name, wasm.functionEntry(wasm.heap32()[(api + offset) >> 2]!)])) as unknown as Extension);

  let rows = 0;
  const countRow = wasm.installFunction("i(ppp)", () => {
    rows++;
    return capi.SQLITE_OK;
  });
  const count = wasm.installFunction("v(pppip)", (api, fts, context) => {
    const { rowCount, totalSize, phraseCount, queryPhrase } = of(api!);
    let code = rowCount(fts!, room);
    const all = Number(wasm.peek(room, "i64"));
    code ||= totalSize(fts!, -1, room);
    const size = Number(wasm.peek(room, "i64"));
    const having: number[] = [];
    for (let phrase = 0, phrases = phraseCount(fts!); phrase < phrases && !code; phrase++) {
      rows = 0;
      code = queryPhrase(fts!, phrase, 0, countRow);
      having.push(rows);
    }
    if (code) capi.sqlite3_result_error_code(context!, code);
    else counted = { rows: all, size, having };
  });
  const rank = wasm.installFunction("v(pppip)", (api, fts, context) => {
    const { instCount, inst, columnSize } = of(api!);
    const { rarities, times, meanSize } = weights!;
    times.fill(0);
    let code = instCount(fts!, room);
    const instances = wasm.heap32()[at]!;
    for (let i = 0; i < instances && !code; i++) {
      code = inst(fts!, i, room, room + 4, room + 8);
      times[wasm.heap32()[at]!]!++;
    }
    code ||= columnSize(fts!, -1, room);
    const size = wasm.heap32()[at]!;
    if (code) {
      capi.sqlite3_result_error_code(context!, code);
      return;
    }
    let score = 0;
    for (let phrase = 0; phrase < times.length; phrase++) score += gain(rarities[phrase]!, times[phrase]!, size, meanSize);
    capi.sqlite3_result_double(context!, -1 * score);
  });
  return { count, rank };
}

/** The address of a database's `fts5_api`, obtained as fts5.h describes. */
function fts5Api(wasm: Wasm, database: Database): number {
  const statement = database.prepare("select fts5(?1)");
  try {
    const room = wasm.alloc(8);
    const pointer = Number(statement.pointer!);
    wasm.heap32()[room >> 2] = 0;
    wasm.exports.sqlite3_bind_pointer(pointer, 1, room, wasm.allocCString("fts5_api_ptr"), 0);
    wasm.exports.sqlite3_step(pointer);
    const api = wasm.heap32()[room >> 2]!;
    if (!api) throw new Error("SQLite gave no access to FTS5.");
    return api;
  } finally {
    statement.finalize();
  }
}
