/** The text of a file, which the build puts into the code. */
declare module "*?raw" {
  const text: string;
  export default text;
}
