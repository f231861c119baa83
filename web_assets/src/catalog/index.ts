/** Full text: SQLite FTS5 in WebAssembly. */
export { hasUnspaced, typedForms } from "./analysis";
export { addCounts, type Counts } from "./counts";
export type { FullText, Matches } from "./full-text";
export { Ordered, type Ranked } from "./rank-words";
export { loadSqlite } from "./sqlite";
export { textOf } from "./texts";
export { SyntaxProblem } from "./expression";
export { TermsText } from "./terms-text";
export { WholeCatalog, type CatalogOptions } from "./whole-catalog";
