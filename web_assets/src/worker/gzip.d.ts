/** What the build makes of `?gzip`: where the compressed file lies, and what it must be. */
declare module "*?gzip" {
  const entry: { url: string; bytes: number; raw_bytes: number; sha256: string };
  export default entry;
}
