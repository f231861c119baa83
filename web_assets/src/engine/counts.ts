/** What counts values, as a script of its own: no first search waits for it. */
export { currentResult } from "./current";
export { ownValues, statsOf } from "./data/stats";
export { counting, facetCounts } from "./facets";
