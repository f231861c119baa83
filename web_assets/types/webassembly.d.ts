/** What is used of WebAssembly, for compilers whose library does not declare it. */

type WebAssemblySource = ArrayBufferView<ArrayBuffer> | ArrayBuffer;

declare namespace WebAssembly {
  type Exports = Record<string, unknown>;
  class Memory {
    constructor(limits: { initial: number; maximum?: number });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  interface Module { readonly _module: never }
  interface Instance { readonly exports: Exports }
  function instantiate(bytes: WebAssemblySource, imports?: Record<string, Record<string, unknown>>): Promise<{ instance: Instance; module: Module }>;
}
