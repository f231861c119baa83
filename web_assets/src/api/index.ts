/** The public library in browsers. In Node, import `./node` instead: it runs the engine without a worker. */
export { FormatError, LoadError } from "../format/errors";
export { opener } from "./open";
export { serviceWorkerScript } from "./trusted";
export type * from "./types";
export type * from "../engine/types";
