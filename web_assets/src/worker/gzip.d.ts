/** What the build turns an import with `?gzip` into: the address of the compressed file, its sizes and its hash. */
declare module "*?gzip" {
  const entry: { url: string; bytes: number; raw_bytes: number; sha256: string };
  export default entry;
}
