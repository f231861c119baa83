/** Full text: SQLite FTS5 in WebAssembly. */
export { Catalog, SyntaxProblem, type CatalogOptions, type Matches } from "./catalog";
export { Ordered, type Ranked } from "./rank-words";
export { loadSqlite } from "./sqlite";
