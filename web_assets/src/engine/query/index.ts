/** The query language (docs/QUERY.md): parsing, planning, conditions. */
export { compareCodePoints, fold, isSearchable, normal } from "./characters";
export { dateBounds, findField } from "./fields";
export { conditionMask } from "./filter-mask";
export { parse, type FieldTerm, type Query, type Term } from "./parse";
export { highlightExpression, isStopWord, plainWords, planQuery, quote, type FieldCondition, type QueryPlan } from "./plan";
