/** Ranking by words from postings, compared with SQLite's own bm25, over random texts. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Database, Sqlite3Static } from "@sqlite.org/sqlite-wasm";
import { loadSqlite } from "../../web_assets/src/catalog";
import { Ordered, rankWords } from "../../web_assets/src/catalog/rank-words";
import { WordIndex } from "../../web_assets/src/catalog/word-index";
import { sqliteWasm } from "./support/files";

const TOKENIZE = "porter unicode61 remove_diacritics 0 categories 'L* M* N* Co'";
const ROWS = 700;
const WORDS = ["dog", "dogs", "runs", "running", "snow", "Zürich", "x", "the", "bridge", "rare"];
let database: Database;
let index: WordIndex;

/** Numbers from 0 to below 1, the same in every run. */
function* numbers(): Generator<number> {
  for (let state = 12345; ; state = (state * 1103515245 + 12345) % 2 ** 31) yield state / 2 ** 31;
}

beforeAll(async () => {
  const sqlite3: Sqlite3Static = await loadSqlite(sqliteWasm);
  database = new sqlite3.oo1.DB(":memory:");
  database.exec(`create virtual table fts using fts5(title, text, content='', tokenize='${TOKENIZE.replaceAll("'", "''")}')`);
  const random = numbers();
  const word = () => WORDS[Math.floor((random.next().value as number) ** 2 * (WORDS.length - 1))]!;
  const text = (most: number) => Array.from({ length: Math.floor((random.next().value as number) * most) }, word).join(" ");
  database.transaction(() => {
    for (let row = 0; row < ROWS; row++) {
      // One text is long enough for numbers of two bytes.
      const bind = [row + 1, text(5), row === 300 ? text(4000) + " rare" : text(12)];
      database.exec({ sql: "insert into fts(rowid, title, text) values (?, ?, ?)", bind });
    }
  });
  index = new WordIndex(sqlite3, database, TOKENIZE);
});

function bySqlite(expression: string): number[] {
  const sql = "select rowid - 1, bm25(fts) from fts where fts match ?";
  const found = database.exec({ sql, bind: [expression], rowMode: "array", returnValue: "resultRows" }) as [number, number][];
  return found.sort(([a, x], [b, y]) => x - y || a - b).map(([row]) => row);
}

const lists = (words: string[]) => words.map((word) => {
  const postings = index.postings(word)!;
  const sizes = index.sizesOf(postings.rows);
  return { ...postings, sizes: postings.rows.map((row) => sizes[row]!) };
});

function rank(words: string[], allowed: ((row: number) => boolean) | null, weigh: (having: number) => number) {
  const found = lists(words);
  return rankWords(found, { ...index.totals(), having: found.map(({ rows }) => rows.length) }, allowed, weigh);
}

describe("ranking by words", () => {
  it.each([["dog"], ["rare"], ["dog", "snow"], ["dogs", "dog"], ["RUNNING", "zurich", "bridge"], WORDS])("agrees with SQLite on %j, %j, …", (...words: string[]) => {
    const { strict, others } = rank(words, null, () => 1);
    const all = bySqlite(words.join(" AND "));
    expect([...strict.all()]).toEqual(all);
    expect([...others.all()]).toEqual(bySqlite(words.join(" OR ")).filter((row) => !all.includes(row)));
    for (const count of [1, 7, 100, 5000]) expect([...others.first(count).rows]).toEqual([...others.all()].slice(0, count));
  });

  it("leaves out rows that are not allowed, but counts them in the statistics", () => {
    const allowed = (row: number) => row % 3 === 0;
    const { strict, others } = rank(["dog", "snow"], allowed, () => 1);
    expect([...strict.all()]).toEqual(bySqlite("dog AND snow").filter(allowed));
    expect(others.length).toBe(bySqlite("dog OR snow").filter(allowed).length - strict.length);
  });

  it("gives the share of the words that a row has", () => {
    const { strict, others } = rank(["dog", "bridge"], null, (having) => 1 / having);
    const [dog, bridge] = ["dog", "bridge"].map((word) => index.postings(word)!.rows);
    expect(new Set(strict.first(10).shares)).toEqual(new Set([1]));
    const { rows, shares } = others.first(50);
    expect(rows.length).toBeGreaterThan(10);
    rows.forEach((row, i) => {
      const mine = dog!.includes(row) ? dog! : bridge!;
      expect(shares[i]).toBeCloseTo(1 / mine.length / (1 / dog!.length + 1 / bridge!.length), 12);
    });
  });

  it("accepts only single terms, also words that do not occur", () => {
    expect(index.postings("grand-piano")).toBeNull();
    expect(index.postings("…")).toBeNull();
    expect(index.postings("unheardof")!.rows).toHaveLength(0);
    expect(rank(["unheardof"], null, () => 1).strict.length).toBe(0);
  });

  it("sees rows that are added", () => {
    const before = index.postings("snow")!.rows.length;
    database.exec({ sql: "insert into fts(rowid, title, text) values (?, ?, ?)", bind: [ROWS + 1, "snow snow", "dog"] });
    index.forget();
    expect(index.postings("snow")!.rows).toHaveLength(before + 1);
    const { strict } = rank(["dog", "snow"], null, () => 1);
    expect([...strict.all()]).toEqual(bySqlite("dog AND snow"));
  });
});

describe("an order whose first rows are read", () => {
  it("keeps ties in row order", () => {
    const order = new Ordered(Uint32Array.of(9, 4, 7, 1, 3), Float64Array.of(1, 2, 1, 1, 0), new Float64Array(5));
    expect([...order.first(2).rows]).toEqual([3, 1]);
    expect([...order.first(3).rows]).toEqual([3, 1, 7]);
    expect([...order.all()]).toEqual([3, 1, 7, 9, 4]);
    expect([...order.first(2).rows]).toEqual([3, 1]);
  });
});
