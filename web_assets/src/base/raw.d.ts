/** The text of a file, which the build puts into the code. */
declare module "*?raw" {
  const text: string;
  export default text;
}

/** The text of a style sheet, made as small as those that the page links to. */
declare module "*.css?inline" {
  const text: string;
  export default text;
}
