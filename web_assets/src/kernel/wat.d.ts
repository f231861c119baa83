/** What the build turns a `.wat` file into: a function that returns the WebAssembly module's bytes. */
declare module "*.wat" {
  export function wasmBytes(): Uint8Array<ArrayBuffer>;
}
