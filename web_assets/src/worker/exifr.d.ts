/** The small build of exifr: JPEG and HEIC. */
declare module "exifr/dist/lite.esm.mjs" {
  const exifr: { parse(input: ArrayBuffer, options: Record<string, unknown>): Promise<unknown> };
  export default exifr;
}
