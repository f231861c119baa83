/** The scan kernel: no imports from outside this folder. */
export { integerQuery, type IntegerQuery } from "./query";
export { createScanner, BLOCK_ROWS, type Hits, type RowMask, type Scanner } from "./scanner";
export { SimilarityIndex, type Quantization, type Similar, type Similarities } from "./similarity";
export { TopK } from "./heap";
