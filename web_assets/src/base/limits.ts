/** Limits on picture files, which the page checks first and the worker again. */

/** The largest picture file that is taken, in bytes. It is read into memory to compute its hash. */
export const MAX_PICTURE_BYTES = 100_000_000;
/** The most pixels of a picture that are decoded: a small file can expand to gigabytes. */
export const MAX_PIXELS = 100_000_000;
