declare module "justified-layout" {
  export interface Options {
    containerWidth: number;
    containerPadding: number;
    boxSpacing?: number | { horizontal: number; vertical: number };
    targetRowHeight: number;
    targetRowHeightTolerance?: number;
    widowLayoutStyle?: "left" | "justify" | "center";
  }
  export interface Geometry {
    containerHeight: number;
    widowCount: number;
    boxes: { aspectRatio: number; top: number; left: number; width: number; height: number }[];
  }
  export default function justifiedLayout(aspectRatios: number[], options: Options): Geometry;
}
