/** What the build makes of a `.wat` file: a function that gives the WebAssembly module's bytes. */
declare module "*.wat" {
  export function wasmBytes(): Uint8Array<ArrayBuffer>;
}
