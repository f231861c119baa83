/** What the codes of cells and of their rows stand for. */
import type { CellIndex } from "../../format/cells";
import type { Quantizer } from "../../format/index";
import type { Directions } from "../../kernel/index";
import { packingOf, valuesOf, type Packing } from "../../kernel/packed";

/** A factor f of a coarse code stands for f/128, a scale s of a row for s/32. */
export const [FACTOR_ONE, SCALE_ONE] = [128, 32];

export class Scheme {
  /** How the coarse codes of rows, and those of centres, are packed. */
  readonly rows: Packing;
  readonly centres: Packing;

  constructor(readonly quantizer: Quantizer, readonly directions: Directions, readonly index: CellIndex) {
    this.rows = packingOf(directions.bits);
    this.centres = packingOf(index.bits);
  }

  get dim(): number {
    return this.quantizer.dim;
  }

  /** The centre of a cell by the codes of its group, float64 [dim]. */
  centre(codes: Int8Array): Float64Array {
    const { mean, scale } = this.quantizer;
    return Float64Array.from(codes, (code, k) => mean[k]! + scale[k]! * code);
  }

  /** The centre of a cell as the index codes it, float64 [dim]: rows of the tail are coded against it. */
  coarseCentre(cell: number): Float64Array {
    const { index, directions: { matrix, scale }, dim } = this;
    const values = valuesOf(index.codes, cell, this.centres);
    const sums = new Float64Array(dim);
    values.forEach((value, d) => {
      const factor = scale[d]! * index.steps[d]! * value;
      for (let k = 0; k < dim; k++) sums[k]! += factor * matrix[d * dim + k]!;
    });
    return sums.map((sum, k) => this.quantizer.mean[k]! + sum);
  }
}
