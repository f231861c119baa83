/** The engine: opens a published site and answers searches. */
export { Engine, type EngineOptions } from "./engine";
export { QueryError } from "./errors";
export { manifestUrl } from "./published";
export type { Assets, ByteProgress } from "./assets";
export type { Turn } from "./line";
export type * from "./types";
