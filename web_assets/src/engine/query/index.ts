/** The query language (docs/QUERY.md): parsing, fields, words. */
export { compareCodePoints, fold, isSearchable, normal, split } from "./characters";
export { FILE_FIELD, findField } from "./fields";
export { anyOf, exactTest, intervalTest, rangeTest, type NumberTest } from "./intervals";
export { parse, type FieldTerm, type Query, type Term } from "./parse";
export { plainCharacters, quotedValue } from "./typed";
export { comparable, parents, valueKeys, valueTest, wholeForms, type ValueKey } from "./values";
export { isStopWord, plainWords, quote, wordsOf } from "./words";
