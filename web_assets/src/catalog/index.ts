/** Full text: expressions and ranking over an index of terms, which lies in files or in memory. */
export { hasUnspaced, typedForms } from "./analysis";
export { addCounts, type Counts } from "./counts";
export { SyntaxProblem } from "./expression";
export type { FullText, Matches } from "./full-text";
export { SiteTerms } from "./postings";
export { merged, NO_ROWS, type Ordered } from "./ordered";
export type { Ranked } from "./rank-words";
export { TermsText } from "./terms-text";
export { textOf } from "./texts";
