/** The query language (docs/QUERY.md): parsing, fields, words. */
export { compareCodePoints, fold, isSearchable, normal, split } from "./characters";
export { findField, valueTest } from "./fields";
export { anyOf, exactTest, intervalTest, rangeTest, type NumberTest } from "./intervals";
export { parse, type FieldTerm, type Query, type Term } from "./parse";
export { isStopWord, plainWords, quote, wordsOf } from "./words";
