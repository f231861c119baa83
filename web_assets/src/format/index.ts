/** Decoders of the published format: pure, no imports from outside this folder. */
export * from "./columns";
export * from "./container";
export * from "./documents";
export * from "./errors";
export * from "./load";
export type * from "./manifest";
export * from "./model";
export * from "./pack";
export * from "./read-manifest";
export * from "./rows";
export * from "./vectors";
export * from "./words";
