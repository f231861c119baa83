/** What a browser must be able to do. Runs in any browser, so it uses nothing newer than ES5 itself. */

/** The first versions in which everything works. */
export const VERSIONS = "Chrome or Edge 123, Firefox 125, Safari 17.5";

/** A WebAssembly module of one function with a SIMD instruction. */
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];

/** What is missing in this browser: an old one, WebAssembly switched off, or nothing (""). */
export function missing(page: Window): "" | "old" | "webassembly" {
  const scope = page as unknown as Record<string, unknown>;
  const names = ["Promise", "fetch", "Map", "BigInt", "DecompressionStream", "structuredClone", "ResizeObserver", "Worker"];
  for (let i = 0; i < names.length; i++) if (!(names[i]! in scope)) return "old";
  if (!("noModule" in page.document.createElement("script")) || !("hasOwn" in Object)) return "old";
  const { AbortSignal } = scope as { AbortSignal?: { prototype: object } };
  if (!AbortSignal || !("throwIfAborted" in AbortSignal.prototype)) return "old";
  try {
    // A literal would keep an old browser from reading this file.
    if (!new RegExp("(?<!a)b").test("b")) return "old";
  } catch {
    return "old";
  }
  const { WebAssembly } = scope as { WebAssembly?: { validate(bytes: Uint8Array): boolean } };
  if (!WebAssembly) return "webassembly";
  return WebAssembly.validate(new Uint8Array(SIMD)) ? "" : "old";
}
