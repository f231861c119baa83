/** The query language (docs/QUERY.md): parsing, fields, words. */
export { compareCodePoints, fold, isSearchable, normal, split } from "./characters";
export { dateBounds, findField, holds, intervals, valueTest, type Interval } from "./fields";
export { parse, type FieldTerm, type Query, type Term } from "./parse";
export { isStopWord, plainWords, quote, wordsOf } from "./words";
