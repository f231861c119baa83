/** Full text: SQLite FTS5 in WebAssembly. */
export { Catalog, SyntaxProblem, type CatalogOptions, type Matches } from "./catalog";
export { loadSqlite } from "./sqlite";
