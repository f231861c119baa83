/** The scan kernel: no imports from outside this folder. */
export { integerQuery, type IntegerQuery } from "./query";
export { allocateScanner, createScanner, BLOCK_ROWS, type Hits, type RowMask, type Scanner } from "./scanner";
export { CoarseIndex, unpackInto, type Directions } from "./coarse";
export { SimilarityIndex, type Quantization, type Similar } from "./similarity";
export { TopK } from "./heap";
