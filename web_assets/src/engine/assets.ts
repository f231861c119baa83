/** Large files of the program itself. The host of the engine (worker, Node, tests) provides them. */
import type { Turn } from "./line";

export type ByteProgress = (loaded: number, total: number) => void;

export interface Assets {
  /** The content of ort-wasm-simd-threaded.wasm. */
  runtime: (turn: Turn) => Promise<Uint8Array<ArrayBuffer>>;
}
