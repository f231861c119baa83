/** The public library in browsers. In Node, import `./node` instead: it runs the engine without a worker. */
export { FormatError, LoadError } from "../format/errors";
export { open } from "./open";
export type * from "./types";
export type * from "../engine/types";
