/** Limits on picture files. The page checks them first, and the worker again. */

/** The largest accepted picture file, in bytes. A file is read into memory to compute its hash. */
export const MAX_PICTURE_BYTES = 100_000_000;
/** The largest number of pixels that are decoded: a small file can expand to gigabytes. */
export const MAX_PIXELS = 100_000_000;
