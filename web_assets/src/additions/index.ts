/** Pictures added on the device: kept, searched beside the published ones, exported. */
export { Additions } from "./additions";
export { openAdditions } from "./open";
export { AdditionsError } from "./types";
export type * from "./types";
