/** Full text: SQLite FTS5 in WebAssembly. */
export { Catalog, SyntaxProblem, type CatalogOptions, type Matches } from "./catalog";
export { isExpression, plainText, planWords, quotedQuery, wordsOf, type WordsPlan } from "./words";
export { loadSqlite } from "./sqlite";
